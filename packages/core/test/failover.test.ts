// Process tests: what clients notice of workers that are killed or blocked.
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { probe, ProbeError, startLoad, waitUntilGone } from '@corral/test-kit';
import { MODES, temporaryDirectory } from './balance-support.js';
import { logLines, pidsOf, startServing, statusOf } from './support.js';
import type { FixtureBootstrapOptions, ServingFixture } from './support.js';

const LANES = 6;
// Long enough that a busy machine is not taken for a stalled worker.
const STALL_MS = 1_000;
const MARGIN_MS = 4_000;

test.for(MODES)(
  'kill -9 costs what the worker had in hand, and nothing after (%s)',
  async (balance) => {
    const fixture = await startServing('serve.mjs', { workers: 2, balance });
    const [pid = 0] = pidsOf(fixture.status);
    const url = `${fixture.url}?delayMs=20`;
    const startMs = performance.now();
    const loads = (['keep-alive', 'new'] as const).map((connections) =>
      startLoad({ url, connections, concurrency: LANES, timeoutMs: 10_000 }),
    );
    const answered = async (): Promise<unknown> =>
      await Promise.all(loads.map(async (load) => await load.answered(40)));
    await answered();

    process.kill(pid, 'SIGKILL');
    expect(await fixture.nextEvent('workerExit')).toMatchObject({
      workerId: 1,
      pid,
      reason: 'killed',
      code: null,
      signal: 'SIGKILL',
    });
    // Until its last thread has ended its connections are open, and clients send on those that they have.
    const goneAtMs = Math.ceil(performance.now() - startMs) + 1;
    const replacement = await fixture.nextEvent('workerReady');
    expect(replacement).toMatchObject({ workerId: 1, generation: 1 });
    await answered();

    for (const load of loads) {
      const { failures, refused } = await load.stop();
      expect(refused).toBe(0);
      expect(failures.length).toBeLessThanOrEqual(LANES);
      for (const { sentAtMs } of failures) expect(sentAtMs).toBeLessThanOrEqual(goneAtMs);
      // Where the primary hands connections out, one may be on its way to the dead worker.
      const stranded = failures.filter(({ code }) => code !== 'ECONNRESET');
      expect(stranded.length).toBeLessThanOrEqual(balance === 'slots' ? 0 : 1);
    }
    const status = await statusOf(fixture);
    expect(status).toMatchObject({ desired: 2, ready: 2, restarts: { killed: 1 } });
    expect(pidsOf(status)).toContain(replacement['pid']);
    expect(logLines(fixture.stdout).map(({ msg }) => msg)).toContain('worker 1 is gone (killed)');

    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  },
);

test.for(MODES)(
  'with all workers down the port stays open: connections wait for the replacements (%s)',
  async (balance) => {
    const fixture = await startServing('serve.mjs', { workers: 2, balance, stallMs: 60_000 });
    const pids = pidsOf(fixture.status);

    // Stopped, they accept nothing before they are killed.
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const waiting = Array.from({ length: 10 }, async () => await probe(fixture.url));
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    // The primary hears of all ends, also of one that it hears of while it gives that worker another's lease.
    for (const pid of pids) {
      await fixture.nextEvent('workerExit', (event) => event['pid'] === pid);
    }
    const later = Array.from({ length: 10 }, async () => await probe(fixture.url));

    for (const { status, headers } of await Promise.all([...waiting, ...later])) {
      expect(status).toBe(200);
      expect(pids).not.toContain(Number(headers['x-worker-pid']));
    }
    await fixture.nextEvent('workerReady');
    await fixture.nextEvent('workerReady');
    expect(await statusOf(fixture)).toMatchObject({ ready: 2, restarts: { killed: 2 } });
  },
);

/** Two workers whose replacements take very long to boot from the time that `slowBoot()` is called. */
async function startSlowToReplace(
  options: FixtureBootstrapOptions,
): Promise<{ readonly fixture: ServingFixture; slowBoot(): void }> {
  const file = `${temporaryDirectory()}/slow`;
  const fixture = await startServing(
    'busy.mjs',
    { workers: 2, bootTimeoutMs: 120_000, ...options },
    { env: { SLOW_BOOT: file } },
  );
  return { fixture, slowBoot: () => fs.writeFileSync(file, '') };
}

async function askAtOnce(url: string, timeoutMs: number): Promise<unknown[]> {
  return await Promise.all(
    Array.from({ length: 40 }, async () =>
      probe(url, { timeoutMs }).catch((error: unknown) => error),
    ),
  );
}

test.for(MODES)(
  'a sibling covers for a killed worker before the replacement has booted (%s)',
  async (balance) => {
    const { fixture, slowBoot } = await startSlowToReplace({ balance });
    const [pid = 0] = pidsOf(fixture.status);

    slowBoot();
    process.kill(pid, 'SIGKILL');
    await waitUntilGone([pid]);

    for (const answer of await askAtOnce(fixture.url, MARGIN_MS)) {
      expect(answer).toMatchObject({ status: 200, headers: { 'x-worker-id': '2' } });
    }
    expect((await statusOf(fixture)).workers.map(({ state }) => state)).toEqual([
      'booting',
      'ready',
    ]);
  },
);

test.for(MODES)(
  'a sibling covers for a blocked worker after stallMs, before the replacement has booted (%s)',
  async (balance) => {
    const { fixture, slowBoot } = await startSlowToReplace({ balance, stallMs: STALL_MS });

    slowBoot();
    probe(`${fixture.url}busy?ms=60000`, { timeoutMs: 60_000 }).catch(() => undefined);
    await fixture.waitForOutput(/busy/);

    const answers = await askAtOnce(fixture.url, STALL_MS + MARGIN_MS);
    const unanswered = answers.filter((answer) => answer instanceof ProbeError);
    // In turn, the one connection that the primary has passed to the blocked worker is lost to it.
    expect(unanswered.length).toBeLessThanOrEqual(balance === 'slots' ? 0 : 1);
    expect(await statusOf(fixture)).toMatchObject({ ready: 1, workers: { length: 3 } });
  },
);
