// Process tests: when a worker counts as ready.
import { expect, test } from 'vitest';
import { freePort, probe } from '@corral/test-kit';
import { start } from './support.js';
import type { FixtureBootstrapOptions } from './support.js';

async function startUnready(
  way: 'manual' | 'message' | 'check' | 'fails',
  options: FixtureBootstrapOptions,
): Promise<{ fixture: ReturnType<typeof start>; url: string }> {
  const port = await freePort();
  const fixture = start('ready-when-told.mjs', options, {
    env: { WAY: way, PORT: String(port) },
  });
  await fixture.waitForOutput(/worker 1 listens/);
  return { fixture, url: `http://127.0.0.1:${port}` };
}

test.for(['manual', 'message', 'check'] as const)(
  'a listening worker is not ready before it says so (%s)',
  async (way) => {
    const { fixture, url } = await startUnready(way, {
      workers: 1,
      ...(way === 'manual' ? { readiness: 'manual' } : {}),
    });
    expect((await probe(url)).status).toBe(200);
    expect(fixture.output).not.toMatch(/worker 1 ready/);
    expect(fixture.events).toEqual([]);

    await probe(`${url}/ready`);

    const { status } = await fixture.nextEvent('started');
    expect(status).toMatchObject({ ready: 1 });
    expect(fixture.output).toMatch(/worker 1 ready in \d+ ms/);
  },
);

test('main may go on after it has said that it is ready, and fail before it is', async () => {
  const { fixture } = await startUnready('fails', { workers: 1 });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(fixture.output).toContain('main goes on, and fails');
});

test("readiness 'manual' is bounded by bootTimeoutMs", async () => {
  const { fixture } = await startUnready('manual', {
    workers: 1,
    readiness: 'manual',
    bootTimeoutMs: 4_000,
  });

  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(fixture.output).toMatch(/not ready within bootTimeoutMs \(4000 ms\)/);
});

test("the primary sends 'ready' to a parent with an IPC channel, once all workers are", async () => {
  const fixture = start('serve.mjs', { workers: 2 });

  await fixture.nextMessage((message) => message === 'ready');

  expect(fixture.output.match(/worker \d ready in/g)).toHaveLength(2);
  await fixture.nextEvent('started');
  expect(fixture.messages.filter((message) => message === 'ready')).toHaveLength(1);
});
