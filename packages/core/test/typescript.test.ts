// Process tests: programs in TypeScript run in workers as they do in the primary.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { probeJson } from '@corral/test-kit';
import { startServing } from './support.js';

/** Whether the Node.js under test strips types by itself: from 22.18 on. */
function stripsTypes(): boolean {
  const node = process.env['CORRAL_TEST_NODE'] ?? process.execPath;
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

const tsx = createRequire(import.meta.url).resolve('tsx');
const ways = [
  { how: 'tsx, as --import', execArgv: ['--import', tsx] },
  ...(stripsTypes() ? [{ how: 'Node.js itself', execArgv: [] }] : []),
];

test.for(ways)(
  'a TypeScript program runs in workers and task threads through $how',
  async ({ execArgv }) => {
    const fixture = await startServing('typed-app.ts', {}, { execArgv });

    const { json } = await probeJson(fixture.url);

    expect(json).toMatchObject({
      workerId: expect.any(Number) as number,
      digits: 2,
      file: expect.stringMatching(/typed-app\.ts$/) as string,
    });
    expect(fixture.status).toMatchObject({ ready: 2 });
    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  },
);
