// Process tests: requests on idle keep-alive connections at the very moment of the drain.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { keepAliveAgent, probe } from '@corral/test-kit';
import type { ProbeResponse } from '@corral/test-kit';
import { startServing, toldCounts } from './support.js';

const CONNECTIONS = 50;
const IDLE_GRACE_MS = 5_000;
// When the clients write, counted from the signal: before the workers know, while they begin to drain,
// and later, well within the grace.
const OFFSETS_MS = [0, 2, 20, 300];

test('POSTs on idle keep-alive connections in a drain: none is reset', async () => {
  for (const offsetMs of OFFSETS_MS) {
    const fixture = await startServing('serve.mjs', { workers: 2, idleGraceMs: IDLE_GRACE_MS });
    const agents = Array.from({ length: CONNECTIONS }, () => keepAliveAgent(fixture.url));
    await Promise.all(agents.map(async (agent) => await probe(fixture.url, { agent })));

    fixture.kill('SIGTERM');
    await delay(offsetMs);
    const answers = await Promise.all(
      agents.map(async (agent): Promise<ProbeResponse> => {
        const body = 'x'.repeat(2_000);
        return await probe(fixture.url, { method: 'POST', body, agent });
      }),
    );

    for (const { status, body, isReused } of answers) {
      expect({ status, isReused }).toEqual({ status: 200, isReused: true });
      expect(body).toMatch(/: 2000 bytes/);
    }
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    const all = 2 * CONNECTIONS;
    expect(toldCounts(fixture.stdout)).toEqual({ received: all, answered: all });
    for (const agent of agents) agent.destroy();
  }
});

test('idle connections are ended with FIN after idleGraceMs, and do not hold the process', async () => {
  const fixture = await startServing('serve.mjs', { workers: 1, idleGraceMs: 300 });
  const agent = keepAliveAgent(fixture.url);
  await probe(fixture.url, { agent });
  const socket = Object.values(agent.freeSockets).flat()[0];
  expect(socket).toBeDefined();
  const closing = new Promise<boolean>((resolve) => socket?.once('close', resolve));
  const startMs = performance.now();

  fixture.kill('SIGTERM');

  const hadError = await closing;
  expect(hadError).toBe(false);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(300);
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});
