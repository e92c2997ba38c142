import { describe, expect, it } from 'vitest';
import type { Io } from './command.js';
import { ExchangeError } from './http-exchange.js';
import type { ExchangeRequest } from './http-exchange.js';
import { plain } from './render/paint.js';
import { run } from './run.js';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly requests: readonly ExchangeRequest[];
}

type Answer = readonly [status: number, body: object] | ExchangeError;

interface Surroundings {
  readonly isTerminal?: boolean;
  readonly env?: Io['env'];
  readonly input?: string;
  /** To a GET. */
  readonly answer?: Answer;
  /** To a change; default: as to a GET. */
  readonly outcome?: Answer;
}

const config = { version: 3, value: { log: { level: 'info' }, limit: 5 }, processes: { 0: 3 } };
const report = { version: 4, applied: [0, 1], rejected: [], timedOut: [] };

async function corral(
  argv: readonly string[],
  {
    env = { CORRAL_ADMIN_URL: '9000' },
    input = '',
    answer = [200, config],
    outcome = answer,
    isTerminal = false,
  }: Surroundings = {},
): Promise<Outcome> {
  let out = '';
  let err = '';
  const requests: ExchangeRequest[] = [];
  const io: Io = {
    env,
    paint: plain,
    isTerminal,
    async exchange(request) {
      requests.push(request);
      const given = request.method === 'GET' ? answer : outcome;
      if (given instanceof ExchangeError) throw given;
      const [status, body] = given;
      return await Promise.resolve({ status, text: JSON.stringify(body) });
    },
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readInput: async () => await Promise.resolve(input),
  };
  const code = await run(argv, io, '1.2.3');
  return { code, out, err, requests };
}

describe('corral', () => {
  it('tells its version and its usage', async () => {
    expect(await corral(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n', err: '' });
    const help = await corral(['--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const part of [
      'config replace <file|->',
      '--timeout-ms',
      'CORRAL_ADMIN_URL',
      'Exit codes',
    ]) {
      expect(help.out).toContain(part);
    }
    const { out } = await corral(['config', 'get', '--help']);
    expect(out).toContain('Usage: corral config get [path] [options]');
    expect(out).toContain('--json');
    expect(out).not.toContain('--expect-version');
  });

  it('explains wrong usage where it is wrong, and sends nothing', async () => {
    const unknown = await corral(['stauts']);
    expect(unknown).toMatchObject({ code: 2, out: '', requests: [] });
    expect(unknown.err).toMatch(/^corral: unknown command 'stauts'\n\nUsage: .*\n\n {2}status /);
    const wrong = await corral(['config', 'set', 'a']);
    expect(wrong).toMatchObject({ code: 2, out: '', requests: [] });
    expect(wrong.err).toMatch(
      /got 'a'; .*\n\nUsage: corral config set <path>=<value>… \[options\]\n/,
    );
    expect(await corral(['status'], { env: {} })).toMatchObject({
      code: 2,
      err: expect.stringContaining('--admin or in CORRAL_ADMIN_URL') as unknown,
    });
    expect(await corral(['config', 'patch', '-'], { input: '[1]' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('a patch must be an object') as unknown,
      requests: [],
    });
  });

  it('shows the configuration, and the version beside it', async () => {
    expect(await corral(['config', 'get', 'log.level'])).toMatchObject({
      code: 0,
      out: 'info\n',
      err: 'version 3\n',
    });
    expect(await corral(['config', 'get', 'log'])).toMatchObject({
      out: '{\n  "level": "info"\n}\n',
    });
    const problem = { ...config, problem: 'worker 2 refuses it' };
    expect(await corral(['config', 'get'], { answer: [200, problem] })).toMatchObject({
      code: 0,
      out: `${JSON.stringify(config.value, null, 2)}\n`,
      err: 'version 3\nproblem: worker 2 refuses it\n',
    });
    const json = await corral(['config', 'get', 'limit', '--json']);
    expect(json).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(json.out)).toEqual({ ...config, value: 5 });
    expect(await corral(['config', 'get', 'log.file'])).toMatchObject({ code: 1, out: '' });
  });

  it('shows on a terminal nothing that it would obey, and keeps elsewhere what a text is', async () => {
    const answer = [200, { ...config, value: { text: 'a\u001B[2J\u009B\n\tb' } }] as const;
    const get = ['config', 'get', 'text'];
    expect(await corral(get, { answer })).toMatchObject({ out: 'a\u001B[2J\u009B\n\tb\n' });
    expect(await corral(get, { answer, isTerminal: true })).toMatchObject({
      out: 'a\uFFFD[2J\uFFFD\n\tb\n',
    });
    for (const argv of [
      ['config', 'get'],
      [...get, '--json'],
    ]) {
      const { out } = await corral(argv, { answer });
      expect(out).toContain(String.raw`a\u001b[2J\u009b\n\tb`);
    }
  });

  it('sends what is in a file as it is', async () => {
    const input = '{"id": 12345678901234567890}';
    const { requests, ...rest } = await corral(['config', 'replace', '-'], {
      input,
      outcome: [200, report],
    });
    expect(rest).toMatchObject({
      code: 0,
      out: 'version 4: applied by the primary and worker 1\n',
    });
    expect(requests).toMatchObject([{ method: 'GET' }, { method: 'PUT', body: input }]);
  });

  it('fails when not every process has applied a change', async () => {
    const timedOut = { ...report, timedOut: [2] };
    const late = await corral(['config', 'set', 'a=1'], { outcome: [200, timedOut] });
    expect(late).toMatchObject({ code: 1, out: '' });
    expect(late.err).toContain('not answered in time by worker 2');
    const json = await corral(['config', 'set', 'a=1', '--json'], { outcome: [200, timedOut] });
    expect(json).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(json.out)).toEqual(timedOut);
  });

  it('says that nothing has changed, also when all are known to have applied the version', async () => {
    const same = { ...report, version: 3 };
    expect(await corral(['config', 'set', 'limit=5'], { outcome: [200, same] })).toMatchObject({
      code: 0,
      out: 'nothing has changed: version 3 is in force\n',
    });
  });

  it('sends no part of an array, which would take the place of the whole', async () => {
    const servers = { ...config, value: { servers: [{ host: 'a' }], byId: { 7: {} } } };
    const surroundings: Surroundings = { answer: [200, servers], outcome: [200, report] };
    const { requests, ...refused } = await corral(
      ['config', 'set', 'limit=1', 'servers.0.host=b'],
      surroundings,
    );
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(
      /^corral: 'servers\.0\.host': servers is an array, and arrays are replaced as a whole: .*servers='\[…\]'/,
    );
    expect(requests).toMatchObject([{ method: 'GET' }]);
    const byId = await corral(['config', 'set', 'byId.7.host=b', 'byId.8=1'], surroundings);
    expect(byId).toMatchObject({ code: 0, requests: [{ method: 'GET' }, { method: 'PATCH' }] });
  });

  it.each<[string, number, Surroundings['outcome']]>([
    ['a conflict', 4, [412, { error: 'of version 3', code: 'CONFIG_CONFLICT' }]],
    ['nothing there', 3, new ExchangeError('ECONNREFUSED', false)],
    ['another server', 3, [200, {}]],
    ['a cluster that leaves', 1, [503, { error: 'shutting down', code: 'SHUTTING_DOWN' }]],
  ])('has an exit code for %s', async (_what, code, outcome) => {
    const ended = await corral(['config', 'set', 'a=1'], outcome === undefined ? {} : { outcome });
    expect(ended).toMatchObject({ code, out: '' });
    expect(ended.err).toMatch(/^corral: /);
  });
});
