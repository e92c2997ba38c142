// Process tests: what a Nest app has besides routes, on both platforms.
import { freePort, probe, probeJson, spawnFixture } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { afterEach, describe, expect, it } from 'vitest';

const programs: Fixture[] = [];

afterEach(async () => {
  await Promise.all(programs.splice(0).map(async (fixture) => await fixture.close()));
});

async function run(...args: string[]): Promise<{ fixture: Fixture; url: string }> {
  const port = await freePort();
  const fixture = spawnFixture(new URL('../dist-fixtures/features.js', import.meta.url), {
    args,
    env: { PORT: String(port), LOG_LEVEL: 'warn' },
  });
  programs.push(fixture);
  return { fixture, url: `http://127.0.0.1:${port}` };
}

async function start(...args: string[]): Promise<{ fixture: Fixture; url: string }> {
  const program = await run(...args);
  await program.fixture.nextEvent('started');
  return program;
}

describe.each(['express', 'fastify'])('on platform-%s', (platform) => {
  it('has the health routes where it is told to, whatever prefix and guard the app has', async () => {
    const { url } = await start(platform, 'guard');
    expect(await probe(`${url}/api`)).toMatchObject({ status: 403 });
    expect(await probe(`${url}/livez`)).toMatchObject({ status: 200, body: 'ok' });
    expect(await probe(`${url}/-/ready`)).toMatchObject({ status: 200, body: 'ok' });
    expect(await probe(`${url}/readyz`)).toMatchObject({ status: 404 });
  });

  it('takes the options of bootstrap() before those of the decorator', async () => {
    const { fixture, url } = await run(platform);
    expect(await fixture.nextEvent('started')).toMatchObject({ workers: 1 });
    expect((await probeJson(`${url}/api`)).json).toEqual({ workerId: 1 });
  });

  it('understands terminus, and terminus it', async () => {
    const { url } = await start(platform);
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
    const { fixture, url } = await start(platform, 'shutdown-hooks');
    const slow = probe(`${url}/api/slow`);
    slow.catch(() => undefined);
    await fixture.waitForOutput(/slow has begun/);

    fixture.killGroup('SIGTERM');

    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    expect(await slow).toMatchObject({ status: 200, body: 'done' });
    expect(fixture.stdout).toMatch(/slow has ended\nonModuleDestroy\nonApplicationShutdown \S+\n/);
    expect(fixture.output).toContain('app.enableShutdownHooks() has no effect under Corral');
  });

  it('runs the hooks of Nest once when the app closes by itself', async () => {
    const { fixture } = await start(platform, 'close-early');
    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    expect(fixture.stdout.match(/^onModuleDestroy$/gm)).toHaveLength(1);
  });

  it('reports a start that fails, once, with its own error', async () => {
    const { fixture } = await run(platform, 'throw');
    expect(await fixture.waitForExit()).toEqual({ code: 1, signal: null });
    expect(fixture.output.match(/Error: configure failed/g)).toHaveLength(1);
  });
});
