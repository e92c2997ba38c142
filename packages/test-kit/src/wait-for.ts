// Test process: waits for what no event tells, such as another process's end.
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitForOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** How often to look, in ms. Default 20. */
  readonly intervalMs?: number;
  /** What is waited for, for the error; asked at the deadline. */
  readonly what: () => string;
}

/**
 * Resolves with the first value of `probe` that is neither `false` nor `undefined`. Prefer an event
 * where there is one.
 *
 * @throws when the deadline passes first, or what `probe` throws
 */
export async function waitFor<T>(
  probe: () => T | false | undefined | Promise<T | false | undefined>,
  { timeoutMs = 10_000, intervalMs = 20, what }: WaitForOptions,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== false && value !== undefined) return value;
    if (performance.now() >= deadlineMs) {
      throw new Error(`waited ${timeoutMs} ms for ${what()}`);
    }
    await delay(intervalMs);
  }
}
