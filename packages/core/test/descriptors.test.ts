// Process tests: a worker with as many files and connections open as it may have cannot be sent one more.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { probe, waitFor } from '@corral/test-kit';
import type { ProbeResponse } from '@corral/test-kit';
import { MODES, temporaryDirectory, testNode } from './balance-support.js';
import { call, startServing } from './support.js';
import type { ServingFixture } from './support.js';

const CANNOT_RECEIVE = /cannot receive a connection.*ulimit -n/g;

/** Node.js in a process, and its children, that may open few files. */
function limitedNode(): string {
  const file = path.join(temporaryDirectory(), 'node');
  fs.writeFileSync(file, `#!/bin/sh\nulimit -n 300\nexec '${testNode}' "$@"\n`, { mode: 0o755 });
  return file;
}

/** Worker 1 by a connection that stays open, so that it can be told to close its files again. */
async function connectToFirst({ url }: ServingFixture): Promise<{
  send(route: string): Promise<void>;
}> {
  const connect = async (): Promise<http.Agent | undefined> => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    return workerIdOf(await probe(url, { agent })) === '1' ? agent : undefined;
  };
  const agent = await waitFor(connect, { what: () => 'a connection to worker 1' });
  return {
    async send(route) {
      const answer = await probe(url + route, { agent });
      expect(answer).toMatchObject({ status: 200, isReused: true });
      expect(workerIdOf(answer)).toBe('1');
    },
  };
}

function workerIdOf({ headers }: ProbeResponse): unknown {
  return headers['x-worker-id'];
}

/** Two workers, of which the first cannot receive a descriptor until it is told `free`. */
async function startWithFullWorker(balance: (typeof MODES)[number]): Promise<{
  readonly fixture: ServingFixture;
  readonly first: Awaited<ReturnType<typeof connectToFirst>>;
  /** How often it was found to be full so far. */
  timesFull(): number;
}> {
  const fixture = await startServing(
    'descriptors.mjs',
    { workers: 2, balance },
    { node: limitedNode() },
  );
  const first = await connectToFirst(fixture);
  await first.send('fill');
  return {
    fixture,
    first,
    timesFull: () => fixture.output.match(CANNOT_RECEIVE)?.length ?? 0,
  };
}

test.for(MODES.filter((mode) => mode === 'round-robin'))(
  '%s: what a worker could not receive goes to another, and it gets more when it can again',
  async (balance) => {
    const { fixture, first, timesFull } = await startWithFullWorker(balance);

    // It is tried again, and what it cannot receive then goes to the other as well.
    await waitFor(
      async () => {
        expect(workerIdOf(await probe(fixture.url))).toBe('2');
        return timesFull() >= 2;
      },
      { what: () => 'worker 1 to be sent a connection twice' },
    );
    await first.send('free');
    const reached = async (): Promise<boolean> => workerIdOf(await probe(fixture.url)) === '1';
    await waitFor(reached, { what: () => 'a new connection to worker 1' });
  },
);

test.for(MODES.filter((mode) => mode === 'slots'))(
  '%s: a lease that a worker could not take is given to it again',
  async (balance) => {
    const { fixture, first, timesFull } = await startWithFullWorker(balance);

    // The lease of the worker that leaves.
    expect(await call(fixture, 'scale', 1)).toMatchObject({ ok: true });
    await waitFor(() => timesFull() >= 2, {
      what: () => 'worker 1 to be sent a slot twice',
    });
    await first.send('free');
    // Those that the kernel puts into the queue of that lease wait until somebody has it.
    for (let times = 0; times < 12; times += 1) {
      expect(workerIdOf(await probe(fixture.url))).toBe('1');
    }
  },
);
