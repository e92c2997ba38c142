// Process test: what happens to workers and primary under load, on IPv4, IPv6 and dual-stack sockets at once.
import { expect, test } from 'vitest';
import { freePort, probe, startLoad, waitUntilGone } from '@corral/test-kit';
import type { Load } from '@corral/test-kit';
import { hasIpv6, MODES, upgrade } from './balance-support.js';
import { call, pidsOf, start, statusOf } from './support.js';

const LANES = 2;

test.for(MODES)(
  'reload, scale, stall and upgrade lose nothing, a crash what is in hand, on every family (%s)',
  async (balance) => {
    const [ipv4, both, ipv6] = [await freePort(), await freePort(), await freePort()];
    const listen = [
      { host: '127.0.0.1', port: ipv4 },
      ...(hasIpv6 ? [{ port: both }, { host: '::1', port: ipv6 }] : []),
    ];
    const urls = [
      `http://127.0.0.1:${ipv4}/`,
      ...(hasIpv6 ? [both, ipv6].map((port) => `http://[::1]:${port}/`) : []),
      ...(hasIpv6 ? [`http://127.0.0.1:${both}/`] : []),
    ];
    const [url = ''] = urls;
    const fixture = start(
      'families.mjs',
      { workers: 2, balance, minUptimeMs: 100, stallMs: 1_000, stallKillMs: 60_000 },
      { env: { LISTEN: JSON.stringify(listen) } },
    );
    await fixture.nextEvent('started');
    const startLoads = (): readonly Load[] =>
      urls.flatMap((each) =>
        (['new', 'keep-alive'] as const).map((connections) =>
          startLoad({ url: `${each}?delayMs=5`, connections, concurrency: LANES, paceMs: 20 }),
        ),
      );
    let loads = startLoads();
    const answered = async (): Promise<unknown> =>
      await Promise.all(loads.map(async (load) => await load.answered(20)));
    /** When nothing is in flight any more. */
    const failuresAtTheEnd = async (): Promise<number> => {
      const reports = await Promise.all(loads.map(async (load) => await load.stop()));
      for (const { refused } of reports) expect(refused).toBe(0);
      return reports.reduce((sum, { failures }) => sum + failures.length, 0);
    };
    await answered();

    for (const [method, argument] of [
      ['reload', {}],
      ['scale', 3],
      ['scale', 2],
    ] as const) {
      expect(await call(fixture, method, argument)).toMatchObject({ ok: true });
      await answered();
    }
    const blocked = probe(`${url}block?ms=3000`, { timeoutMs: 30_000 });
    await fixture.nextEvent('workerStalled');
    expect(await blocked).toMatchObject({ status: 200, body: 'done' });
    await answered();
    while ((await statusOf(fixture)).workers.length > 2) await fixture.nextEvent('workerExit');

    const before = [fixture.pid, ...pidsOf(await statusOf(fixture))];
    expect(await upgrade(fixture)).toMatchObject({ ok: true });
    await waitUntilGone(before);
    await answered();
    expect(await failuresAtTheEnd()).toBe(0);

    loads = startLoads();
    await answered();
    process.kill(Number((await probe(url)).headers['x-worker-pid']), 'SIGKILL');
    await answered();
    expect(await failuresAtTheEnd()).toBeLessThanOrEqual(loads.length * LANES);
    loads = startLoads();
    await answered();
    expect(await failuresAtTheEnd()).toBe(0);
  },
);
