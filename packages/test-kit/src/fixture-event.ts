// Test process and fixtures: the shape in which a fixture tells its test what happens.

/** `{ event: 'workerReady', workerId: 1, … }`, sent with `process.send()`. */
export interface FixtureEvent {
  readonly event: string;
  readonly [detail: string]: unknown;
}

export function isFixtureEvent(message: unknown): message is FixtureEvent {
  return (
    typeof message === 'object' &&
    message !== null &&
    typeof Reflect.get(message, 'event') === 'string'
  );
}
