// Process test: load shedding by the figures of a worker that is really busy.
import { freePort, probe, spawnFixture, startLoad, waitFor } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { afterEach, expect, it } from 'vitest';

const programs: Fixture[] = [];

afterEach(async () => {
  await Promise.all(programs.splice(0).map(async (fixture) => await fixture.close()));
});

it('sheds load while a worker is busy, never probes, and recovers', async () => {
  const port = await freePort();
  const fixture = spawnFixture(new URL('fixtures/overloaded.mjs', import.meta.url), {
    env: { PORT: String(port), LOG_LEVEL: 'warn' },
  });
  programs.push(fixture);
  await fixture.nextEvent('started');
  const url = `http://127.0.0.1:${port}`;
  const load = startLoad({ url: `${url}/busy`, connections: 'keep-alive', concurrency: 4 });

  const shed = await waitFor(
    async () => {
      const answer = await probe(`${url}/busy`);
      return answer.status === 503 && answer;
    },
    { what: () => 'a request to be turned away' },
  );
  expect(shed.headers['retry-after']).toBe('2');
  expect(JSON.parse(shed.body)).toMatchObject({ code: 'OVERLOADED', statusCode: 503 });
  expect(await probe(`${url}/livez`)).toMatchObject({ status: 200 });
  expect(await probe(`${url}/readyz`)).toMatchObject({ status: 200 });

  const report = await load.stop();
  expect(Object.keys(report.byStatus)).toEqual(['200', '503']);
  expect(report.failures).toEqual([]);
  await waitFor(async () => (await probe(`${url}/busy`)).status === 200, {
    what: () => 'the worker to serve again',
  });
});
