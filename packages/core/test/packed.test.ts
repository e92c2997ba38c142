// Process tests: the package as npm packs it runs a cluster, from an ES module and from CommonJS.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { StackFrame } from '@corral/core';
import { freePort, probe, spawnFixture } from '@corral/test-kit';

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(
  fs.readFileSync(path.join(packageFolder, 'package.json'), 'utf8'),
) as { dependencies: Record<string, string> };

const APP = `
  const http = require('node:http');
  module.exports = (cluster) => new Promise((resolve) => {
    const server = http.createServer((request, response) => {
      if (request.url === '/block') for (const endMs = Date.now() + 4_500; Date.now() < endMs; );
      response.end('worker ' + cluster.workerId);
    });
    server.listen(process.env.PORT, resolve);
  });
`;
const START = `
  bootstrap(app, { workers: 2, stallMs: 2_000 }).then((cluster) => {
    if (cluster.role === 'worker') return;
    cluster.on('workerStalled', ({ frames }) => process.send({ event: 'stalled', frames }));
    process.send({ event: 'started' });
  });
`;
const PROGRAMS = {
  'consumer.mjs': `
    import { bootstrap } from '@corral/core';
    import app from './app.cjs';
    ${START}`,
  'consumer.cjs': `
    const { bootstrap } = require('@corral/core');
    const app = require('./app.cjs');
    ${START}`,
};

let project = '';

beforeAll(async () => {
  project = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-packed-'));
  const installed = path.join(project, 'node_modules', '@corral', 'core');
  fs.mkdirSync(installed, { recursive: true });
  await run('npm', ['pack', '--silent', '--pack-destination', project], { cwd: packageFolder });
  const tarball = fs.readdirSync(project).find((name) => name.endsWith('.tgz')) ?? '';
  await run('tar', ['-xzf', path.join(project, tarball), '--strip-components=1', '-C', installed]);
  // Its dependencies are the workspace's: no registry is needed, and nothing undeclared is within reach.
  for (const name of Object.keys(dependencies)) {
    const real = fs.realpathSync(path.join(packageFolder, 'node_modules', name));
    fs.symlinkSync(real, path.join(project, 'node_modules', name));
  }
  for (const [name, text] of Object.entries({ 'app.cjs': APP, ...PROGRAMS })) {
    fs.writeFileSync(path.join(project, name), text);
  }
});

afterAll(() => fs.rmSync(project, { recursive: true, force: true }));

test.for(Object.keys(PROGRAMS))('%s runs a cluster, with its stall watchdog', async (program) => {
  const port = await freePort();
  const fixture = spawnFixture(path.join(project, program), { env: { PORT: String(port) } });
  onTestFinished(async () => {
    await fixture.close();
  });
  await fixture.nextEvent('started');

  expect((await probe(`http://127.0.0.1:${port}/`)).body).toMatch(/^worker [12]$/);
  await probe(`http://127.0.0.1:${port}/block`);
  // Its own thread, in a file of its own, has seen it.
  const { frames } = await fixture.nextEvent('stalled');
  expect((frames as StackFrame[])[0]?.file).toBe(path.join(fs.realpathSync(project), 'app.cjs'));
  fixture.kill('SIGTERM');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
});
