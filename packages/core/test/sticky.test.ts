// Process tests: balance: 'sticky' hands a client's connections to the same worker each time.
import { once } from 'node:events';
import http from 'node:http';
import { expect, test } from 'vitest';
import { probe, waitUntilGone } from '@corral/test-kit';
import { requestFrom } from './balance-support.js';
import { call, pidsOf, startServing, statusOf } from './support.js';
import type { ServingFixture } from './support.js';

const CLIENTS = Array.from({ length: 12 }, (_, index) => `127.0.1.${index + 1}`);

interface Answer {
  readonly workerId: number;
  readonly pid: number;
}

/** Asks over a new connection from one of the loopback's many addresses. */
async function askFrom(
  { port }: ServingFixture,
  localAddress: string,
  path = '/',
): Promise<Answer> {
  const { status, headers } = await requestFrom({ host: '127.0.0.1', port, localAddress, path });
  expect(status).toBe(200);
  return { workerId: Number(headers['x-worker-id']), pid: Number(headers['x-worker-pid']) };
}

async function askAll(fixture: ServingFixture): Promise<Answer[]> {
  return await Promise.all(CLIENTS.map(async (client) => await askFrom(fixture, client)));
}

const OPTIONS = { balance: 'sticky', minUptimeMs: 0 } as const;

test('a client keeps its worker; workers that come, go or are replaced move no other’s clients', async () => {
  const fixture = await startServing('serve.mjs', { ...OPTIONS, workers: 3 });
  const first = await askAll(fixture);
  const idsOf = (answers: readonly Answer[]): number[] => answers.map(({ workerId }) => workerId);
  expect(new Set(idsOf(first)).size).toBeGreaterThan(1);
  expect(await askAll(fixture)).toEqual(first);

  // A reload: the same seats, new workers.
  await call(fixture, 'reload');
  await waitUntilGone(pidsOf(fixture.status));
  const reloaded = await askAll(fixture);
  expect(idsOf(reloaded)).toEqual(idsOf(first));
  for (const [index, { pid }] of reloaded.entries()) expect(pid).not.toBe(first[index]?.pid);

  await call(fixture, 'scale', 4);
  expect(await askAll(fixture)).toEqual(reloaded);

  const [{ pid, workerId } = { pid: 0, workerId: 0 }] = reloaded;
  process.kill(pid, 'SIGKILL');
  await waitUntilGone([pid]);
  const afterCrash = await askAll(fixture);
  for (const [index, answer] of reloaded.entries()) {
    if (answer.workerId === workerId) expect(afterCrash[index]?.pid).not.toBe(pid);
    else expect(afterCrash[index]).toEqual(answer);
  }
  expect(await askAll(fixture)).toEqual(afterCrash);
});

test('a worker that drains still gets its clients, and no new ones', async () => {
  const fixture = await startServing('serve.mjs', { ...OPTIONS, workers: 1 });
  const old = await askFrom(fixture, '127.0.2.1');
  // Holds the drain.
  const held = http.get({
    port: fixture.port,
    host: '127.0.0.1',
    path: '/hold',
    localAddress: '127.0.2.1',
    agent: false,
  });
  const [response] = (await once(held, 'response')) as [http.IncomingMessage];
  expect(response.headers['x-worker-pid']).toBe(String(old.pid));

  const reload = await call(fixture, 'reload');

  expect(reload).toMatchObject({ ok: true, value: { replaced: 1 } });
  expect((await statusOf(fixture)).workers.map(({ state }) => state)).toEqual([
    'draining',
    'ready',
  ]);
  expect(await askFrom(fixture, '127.0.2.1')).toEqual(old);
  const fresh = await askFrom(fixture, '127.0.2.2');
  expect(fresh.workerId).toBe(1);
  expect(fresh.pid).not.toBe(old.pid);
  held.destroy();
  expect(await fixture.nextEvent('workerExit')).toMatchObject({ pid: old.pid, code: 0 });
  expect(await askFrom(fixture, '127.0.2.1')).toEqual(fresh);
});

test('clients of a blocked worker are handed to another', async () => {
  const fixture = await startServing('stall.mjs', { ...OPTIONS, workers: 2, stallMs: 1_000 });
  const client = { host: '127.0.0.1', port: fixture.port, localAddress: '127.0.3.1' };
  const { headers } = await requestFrom(client);
  requestFrom({ ...client, path: '/block?ms=60000' }).catch(() => undefined);
  await fixture.waitForOutput(/blocking/);
  expect(await fixture.nextEvent('workerStalled')).toMatchObject({
    pid: Number(headers['x-worker-pid']),
  });

  expect((await requestFrom(client)).headers['x-worker-pid']).not.toBe(headers['x-worker-pid']);
  expect((await probe(fixture.url)).status).toBe(200);
});
