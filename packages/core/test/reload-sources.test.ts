// Process tests: what a reload reads again: script, environment files, execArgv, working directory.
import fs from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, probeJson, spawnFixture } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';
import { requestFrom, temporaryDirectory } from './balance-support.js';
import { call } from './support.js';
import type { FixtureBootstrapOptions } from './support.js';

const support = new URL('fixtures/support/', import.meta.url).href;

/** An app whose answer says which version of everything it runs with. */
function appSource(version: number): string {
  return `
    import { run } from '${support}run.mjs';
    import { once } from 'node:events';
    import { http, serveHttp } from '${support}http-app.mjs';
    await run(async (cluster) => {
      if (process.env.SOCKET) {
        const server = http().createServer((_, response) => response.end()).listen(process.env.SOCKET);
        await once(server, 'listening');
      }
      await serveHttp(cluster, {
        '/versions': async (_request, response) => {
          const { env, execArgv } = process;
          const cwd = process.cwd();
          response.end(JSON.stringify({ version: ${version}, setting: env.SETTING, execArgv, cwd }));
        },
      });
    });
    process.on('message', ({ execArgv }) => {
      if (execArgv !== undefined) process.execArgv = execArgv;
    });
  `;
}

interface App {
  readonly fixture: Fixture;
  readonly url: string;
  /** What a worker answers. */
  versions(): Promise<unknown>;
}

async function startApp(
  directory: string,
  options: FixtureBootstrapOptions,
  env: Record<string, string> = {},
): Promise<App> {
  const port = await freePort();
  const fixture = spawnFixture('app.mjs', {
    cwd: directory,
    args: [JSON.stringify({ workers: 1, minUptimeMs: 0, ...options })],
    env: { PORT: String(port), SETTING: undefined, ...env },
  });
  onTestFinished(async () => await fixture.close());
  await fixture.nextEvent('started');
  const url = `http://127.0.0.1:${port}/`;
  return { fixture, url, versions: async () => (await probeJson(`${url}versions`)).json };
}

async function reload(fixture: Fixture): Promise<void> {
  expect(await call(fixture, 'reload')).toMatchObject({ ok: true, value: { replaced: 1 } });
  await fixture.nextEvent('workerExit');
}

test('a reload reads script, environment files and execArgv again', async () => {
  const directory = temporaryDirectory();
  const write = (name: string, text: string): void =>
    fs.writeFileSync(`${directory}/${name}`, text);
  write('app.mjs', appSource(1));
  write('app.env', 'SETTING=one\nPORT=1\n');
  const { fixture, versions } = await startApp(directory, { envFiles: ['app.env'] });
  expect(await versions()).toEqual({ version: 1, setting: 'one', execArgv: [], cwd: directory });

  write('app.mjs', appSource(2));
  write('app.env', 'SETTING=two\n');
  fixture.send({ execArgv: ['--no-deprecation'] });
  await reload(fixture);

  expect(await versions()).toEqual({
    version: 2,
    setting: 'two',
    execArgv: ['--no-deprecation'],
    cwd: directory,
  });

  // A file that has gone stops the reload, and says which it is.
  fs.rmSync(`${directory}/app.env`);
  expect(await call(fixture, 'reload')).toMatchObject({
    ok: false,
    error: {
      code: 'RELOAD_ABORTED',
      message: expect.stringContaining(`cannot read ${directory}/app.env`) as string,
      details: { replaced: 0, failed: 1 },
    },
  });
  expect(await versions()).toMatchObject({ version: 2, setting: 'two' });
});

test('a reload follows a symlinked working directory to the release that it leads to now', async () => {
  const directory = temporaryDirectory();
  const current = `${directory}/current`;
  const release = (version: number): string => {
    const path = `${directory}/releases/${version}`;
    fs.mkdirSync(path, { recursive: true });
    fs.writeFileSync(`${path}/app.mjs`, appSource(version));
    fs.writeFileSync(`${path}/app.env`, `SETTING=${version}`);
    // As deploy tools switch: a new link renamed onto the old one.
    fs.symlinkSync(path, `${current}.next`);
    fs.renameSync(`${current}.next`, current);
    return path;
  };
  const first = release(1);
  const { fixture, versions } = await startApp(
    current,
    { envFiles: ['app.env'] },
    { PWD: current, SOCKET: 'app.sock' },
  );
  expect(await versions()).toMatchObject({ version: 1, setting: '1', cwd: first });

  const second = release(2);
  fixture.kill('SIGHUP');
  expect(await fixture.nextEvent('reload')).toMatchObject({ replaced: 1, failed: 0 });
  await fixture.nextEvent('workerExit');
  expect(await versions()).toMatchObject({ version: 2, setting: '2', cwd: second });
  const socketPath = `${current}/app.sock`;
  expect(await requestFrom({ socketPath })).toMatchObject({ status: 200 });

  // The release that it was started from may be removed.
  fs.rmSync(first, { recursive: true });
  const third = release(3);
  await reload(fixture);
  expect(await versions()).toMatchObject({ version: 3, setting: '3', cwd: third });
});
