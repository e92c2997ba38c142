// Test process: how core's process tests start fixtures and talk to them.
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { BootstrapOptions, ClusterStatus, CorralErrorCode } from '@corral/core';
import { freePort, spawnFixture } from '@corral/test-kit';
import type { Fixture, FixtureOptions } from '@corral/test-kit';

/** What JSON can carry to a fixture, wrong values among it. */
export type FixtureBootstrapOptions = Omit<BootstrapOptions, 'logger'>;

/** Starts `test/fixtures/<name>` with options for its `bootstrap()`; ends it after the test. */
export function start(
  name: string,
  options: FixtureBootstrapOptions = {},
  fixtureOptions: FixtureOptions = {},
): Fixture {
  const path = fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
  const fixture = spawnFixture(path, { args: [JSON.stringify(options)], ...fixtureOptions });
  onTestFinished(async () => {
    await fixture.close();
  });
  return fixture;
}

export interface ServingFixture extends Fixture {
  readonly port: number;
  readonly url: string;
  /** As of the end of `bootstrap()`. */
  readonly status: ClusterStatus;
}

/** {@link start}, on a free port; resolves when `bootstrap()` has. */
export async function startServing(
  name: string,
  options: FixtureBootstrapOptions = {},
  { env, ...fixtureOptions }: FixtureOptions = {},
): Promise<ServingFixture> {
  const port = await freePort();
  const fixture = start(name, options, { ...fixtureOptions, env: { PORT: String(port), ...env } });
  const started = await fixture.nextEvent('started');
  const status = started['status'] as ClusterStatus;
  const facts = { port, url: `http://127.0.0.1:${port}/`, status };
  // Not spread: a fixture's output and messages are getters.
  return Object.defineProperties(facts, {
    ...Object.getOwnPropertyDescriptors(fixture),
  }) as ServingFixture;
}

export type CallOutcome =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly error: {
        readonly code?: CorralErrorCode;
        readonly message: string;
        readonly details?: unknown;
        readonly causeCode?: string;
      };
    };

let lastCallId = 0;

/** Calls a method of the cluster in the fixture's primary. */
export async function call(
  fixture: Fixture,
  method: 'status' | 'reload' | 'scale' | 'shutdown' | 'request',
  ...args: readonly (number | string | object)[]
): Promise<CallOutcome> {
  lastCallId += 1;
  const id = lastCallId;
  fixture.send({ call: method, args: [...args], id });
  const { ok, value, error } = await fixture.nextEvent('outcome', (each) => each['id'] === id);
  return ok === true
    ? { ok, value }
    : { ok: false, error: error as (CallOutcome & { ok: false })['error'] };
}

export async function statusOf(fixture: Fixture): Promise<ClusterStatus> {
  const outcome = await call(fixture, 'status');
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value as ClusterStatus;
}

/** The pids of a status's workers, by worker id. */
export function pidsOf(status: ClusterStatus): number[] {
  return status.workers.map(({ pid }) => pid);
}

/** How many requests the workers of `serveHttp()` say they received and answered, over all that have left. */
export function toldCounts(output: string): { received: number; answered: number } {
  const lines = [...output.matchAll(/received=(\d+) answered=(\d+)/g)];
  const sum = (group: 1 | 2): number =>
    lines.reduce((total, line) => total + Number(line[group]), 0);
  return { received: sum(1), answered: sum(2) };
}

export interface OpenStream {
  readonly headers: http.IncomingHttpHeaders;
  /** What has arrived of the body so far. */
  readonly body: string;
  /** Resolves when the body contains `text`. */
  contains(text: string): Promise<void>;
  /** Resolves with the error that cut the response, or with undefined when it was complete. */
  readonly ended: Promise<NodeJS.ErrnoException | undefined>;
  /** Ends the connection. */
  close(): void;
}

/** Sends a GET and resolves when the response's head has arrived; for responses that last. */
export async function openStream(url: string): Promise<OpenStream> {
  const request = http.get(url, { agent: false });
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  response.setEncoding('utf8').on('data', (text: string) => (body += text));
  const ended = once(response, 'end').then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  return {
    headers: response.headers,
    get body() {
      return body;
    },
    async contains(text) {
      while (!body.includes(text)) await once(response, 'data');
    },
    ended,
    close: () => void request.destroy(),
  };
}

/** How often `text` occurs in `output`. */
export function occurrences(output: string, text: string): number {
  return output.split(text).length - 1;
}

/** The JSON lines of the default logger among the output. */
export function logLines(output: string): Array<Record<string, unknown>> {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"level"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
