// Process tests: what a Nest app has besides routes, on both platforms.
import { freePort, probe, probeJson, spawnFixture } from '@corral/test-kit';
import type { Fixture, FixtureEvent } from '@corral/test-kit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

async function run(...args: string[]): Promise<{ fixture: Fixture; url: string }> {
  const port = await freePort();
  const fixture = spawnFixture(new URL('../dist-fixtures/features.js', import.meta.url), {
    args,
    env: { PORT: String(port), LOG_LEVEL: 'warn' },
  });
  return { fixture, url: `http://127.0.0.1:${port}` };
}

describe.each(['express', 'fastify'])('on platform-%s', (platform) => {
  // One program for all that leaves it running, and for the SIGTERM that ends it.
  describe('an app with prefix, guard, terminus and enableShutdownHooks()', () => {
    let fixture: Fixture;
    let url: string;
    let started: FixtureEvent;
    beforeAll(async () => {
      ({ fixture, url } = await run(platform, 'shutdown-hooks'));
      started = await fixture.nextEvent('started');
    });
    afterAll(async () => await fixture.close());

    it('takes the options of bootstrap() before those of the decorator', () => {
      expect(started).toMatchObject({ workers: 1 });
    });

    it('has the health routes where it is told to, whatever prefix and guard the app has', async () => {
      expect((await probeJson(`${url}/api/identity`)).json).toEqual({ workerId: 1 });
      expect(await probe(`${url}/api/secret`)).toMatchObject({ status: 403 });
      expect(await probe(`${url}/livez`)).toMatchObject({ status: 200, body: 'ok' });
      expect(await probe(`${url}/-/ready`)).toMatchObject({ status: 200, body: 'ok' });
      expect(await probe(`${url}/readyz`)).toMatchObject({ status: 404 });
    });

    it('injects the configuration, which is an option of the decorator', async () => {
      expect((await probeJson(`${url}/api/greet`)).json).toEqual({
        before: 'good morning',
        after: 'good evening',
      });
    });

    it('understands terminus, and terminus it', async () => {
      expect((await probeJson(`${url}/api/terminus`)).json).toMatchObject({
        status: 'ok',
        info: { corral: { status: 'up', state: 'ok', workerId: 1, generation: 1 } },
      });

      await probe(`${url}/api/cut-database`);
      expect(await probe(`${url}/-/ready`)).toMatchObject({
        status: 503,
        // The reason goes to the log alone.
        body: 'database failed',
      });
      const terminus = await probeJson(`${url}/api/terminus`);
      expect(terminus).toMatchObject({
        status: 503,
        json: { status: 'error', error: { corral: { status: 'down', state: 'error' } } },
      });
    });

    it('owns the signals even when the app calls enableShutdownHooks()', async () => {
      const slow = probe(`${url}/api/slow`);
      slow.catch(() => undefined);
      await fixture.waitForOutput(/slow has begun/);

      fixture.killGroup('SIGTERM');

      expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
      expect(await slow).toMatchObject({ status: 200, body: 'done' });
      expect(fixture.stdout).toMatch(
        /slow has ended\nonModuleDestroy\nonApplicationShutdown \S+\n/,
      );
      expect(fixture.output).toContain('app.enableShutdownHooks() has no effect under Corral');
    });
  });

  it('runs the hooks of Nest once when the app closes by itself', async () => {
    const { fixture } = await run(platform, 'close-early');
    onTestFinished(async () => await fixture.close());
    await fixture.nextEvent('started');
    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    expect(fixture.stdout.match(/^onModuleDestroy$/gm)).toHaveLength(1);
  });
});

it('reports a start that fails, once, with its own error', async () => {
  const { fixture } = await run('express', 'throw');
  onTestFinished(async () => await fixture.close());
  expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
  expect(fixture.output.match(/Error: configure failed/g)).toHaveLength(1);
});
