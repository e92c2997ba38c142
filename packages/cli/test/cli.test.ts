// Process tests: the program as users run it, with a cluster that runs.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '@corral/core';
import { freePort, spawnFixture } from '@corral/test-kit';
import type { Fixture } from '@corral/test-kit';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const fixture = new URL('fixtures/app.mjs', import.meta.url);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-cli-'));
const fixtures: Fixture[] = [];

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Ports {
  readonly app: number;
  readonly admin: number;
}

/** Runs the program to its end, on the Node.js under test. */
async function corral(
  { admin }: { readonly admin?: number },
  argv: readonly string[],
  input = '',
): Promise<Outcome> {
  const { CORRAL_ADMIN_URL: _, ...env } = process.env;
  return await new Promise((resolve) => {
    const child = execFile(
      process.env['CORRAL_TEST_NODE'] ?? process.execPath,
      [program, ...argv],
      {
        cwd: folder,
        env: admin === undefined ? env : { ...env, CORRAL_ADMIN_URL: `http://127.0.0.1:${admin}` },
      },
      (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
    );
    child.stdin?.end(input);
  });
}

async function startCluster(options: object, admin: object = {}): Promise<Ports> {
  const ports = { app: await freePort(), admin: await freePort() };
  const all = { ...options, admin: { port: ports.admin, ...admin } };
  const started = spawnFixture(fixture, {
    args: [JSON.stringify(all)],
    env: { PORT: String(ports.app) },
  });
  fixtures.push(started);
  await started.nextEvent('started');
  return ports;
}

afterAll(async () => {
  await Promise.all(fixtures.map(async (each) => await each.close()));
  fs.rmSync(folder, { recursive: true });
});

describe('corral, with a cluster of two workers', () => {
  let cluster: Ports;

  beforeAll(async () => {
    cluster = await startCluster({ workers: 2 }, { configWrites: true });
  });

  it('shows the cluster', async () => {
    const { code, out, err } = await corral(cluster, ['status']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^primary \d+, Node\.js v\d+\.\d+\.\d+, up \d+s\n\nworkers +2 of 2 ready, generation 1\n/,
    );
    expect(out).toMatch(/^config +version 1$/m);
    expect(out).toMatch(/^ +1 +\d+ +1 +ready +\d+s +\d+\.\d MiB +\d+% +\d+% +0 +0$/m);
    expect(out).not.toContain('\u001B');

    const json = await corral({}, ['status', '--json', '--admin', String(cluster.admin)]);
    expect(JSON.parse(json.out) as ClusterStatus).toMatchObject({ role: 'primary', ready: 2 });
  });

  it('shows and changes the configuration', async () => {
    expect(await corral(cluster, ['config', 'set', 'log.level=info'])).toEqual({
      code: 0,
      out: 'nothing has changed: version 1 is in force\n',
      err: '',
    });
    const shown = await corral(cluster, ['config', 'get']);
    expect(shown).toMatchObject({ code: 0, err: 'version 1\n' });
    expect(JSON.parse(shown.out)).toEqual({
      log: { level: 'info', file: 'app.log' },
      limit: 5,
      token: '[secret]',
    });

    const set = ['config', 'set', 'log.level=debug', 'limit=null', '--expect-version', '1'];
    expect(await corral(cluster, set)).toEqual({
      code: 0,
      out: 'version 2: applied by the primary and workers 1, 2\n',
      err: '',
    });
    expect(await corral(cluster, ['config', 'set', 'log.level=debug'])).toEqual({
      code: 0,
      out: 'nothing has changed: version 2 is in force\n',
      err: '',
    });
    expect(await corral(cluster, set)).toEqual({
      code: 4,
      out: '',
      err: 'corral: the configuration is of version 2, not 1; look at it again, and update that\n',
    });

    const patch = await corral(
      cluster,
      ['config', 'patch', '-', '--json'],
      '{"log":{"file":null}}',
    );
    expect(patch).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(patch.out)).toMatchObject({ version: 3, applied: [0, 1, 2] });
    expect(JSON.parse((await corral(cluster, ['config', 'get', '--json'])).out)).toEqual({
      version: 3,
      value: { log: { level: 'debug' }, token: '[secret]' },
      processes: { 0: 3, 1: 3, 2: 3 },
    });

    // What was shown does not come back as it is: its secret is hidden.
    fs.writeFileSync(path.join(folder, 'shown.json'), shown.out);
    const hidden = await corral(cluster, ['config', 'replace', 'shown.json']);
    expect(hidden).toMatchObject({ code: 1, out: '' });
    expect(hidden.err).toMatch(/nothing was changed:\n {2}token: is a secret that was hidden/);
    fs.writeFileSync(path.join(folder, 'config.json'), '{"log":{"level":"warn"},"token":"new"}');
    expect(await corral(cluster, ['config', 'replace', 'config.json'])).toMatchObject({ code: 0 });
    expect(await corral(cluster, ['config', 'get', 'log.level'])).toEqual({
      code: 0,
      out: 'warn\n',
      err: 'version 4\n',
    });
  });

  it('says what is invalid, and who has refused', async () => {
    expect(await corral(cluster, ['config', 'set', 'log.level=7'])).toEqual({
      code: 1,
      out: '',
      err: 'corral: the configuration would be invalid; nothing was changed:\n  log.level: must be a text\n',
    });
    const refused = await corral(cluster, ['config', 'set', 'log.level=refused']);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(
      /^version (\d+) was refused, and taken back by version \d+:\n {2}refused by worker 2: RangeError: not this one\n {2}applied by the primary and worker 1 until then\n$/,
    );
  });

  it('knows what is no admin server, and when nobody answers', async () => {
    const other = await corral({ admin: cluster.app }, ['config', 'get']);
    expect(other).toMatchObject({ code: 3, out: '' });
    expect(other.err).toContain('answers (HTTP 200), but is no admin server of Corral');
    const nobody = await corral({ admin: await freePort() }, ['status']);
    expect(nobody).toMatchObject({ code: 3, out: '' });
    expect(nobody.err).toMatch(
      /^corral: nothing answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)\n/,
    );
    const silent = ['--admin', `127.0.0.1:${cluster.app}/silent`, '--timeout-ms', '2000'];
    expect(await corral({}, ['config', 'set', 'limit=1', ...silent])).toEqual({
      code: 3,
      out: '',
      err: `corral: no answer from http://127.0.0.1:${cluster.app}/silent/: 2000 ms have passed, see --timeout-ms
Whether the change was made is not known: \`corral config get\` tells what is in force.
`,
    });
  });
});

it('shows a single process, and that it takes no changes', async () => {
  const single = await startCluster({ workers: 0 });
  const status = await corral(single, ['status']);
  expect(status).toMatchObject({ code: 0, err: '' });
  expect(status.out).toMatch(/^single process \d+, .*\n\nworkers +1 of 1 ready/);
  expect(await corral(single, ['config', 'set', 'limit=1'])).toEqual({
    code: 1,
    out: '',
    err: 'corral: the configuration cannot be changed here unless admin.configWrites is true\n',
  });
});

it('tells its version, its help, and what is wrong with a command line', async () => {
  const { version } = JSON.parse(
    fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  expect(await corral({}, ['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  expect(await corral({}, ['config', 'set'])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/^corral: config set: .* is missing\n\nUsage: corral /) as unknown,
  });
  expect(await corral({}, ['config', 'patch', 'missing.json', '--admin', '1'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot read missing.json: there is no such file') as unknown,
  });
});
