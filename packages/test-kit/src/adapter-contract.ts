// Test process: what every adapter must do, checked on real processes that run the adapter's program.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ContractLine, ContractSettings } from './contract-program.js';
import { CLOSE_MESSAGE, COUNTED_HEADER, RELEASE_MESSAGE, SLOW_PATH } from './contract-program.js';
import { freePort } from './free-port.js';
import { probe, probeJson } from './http-probe.js';
import type { ProbeOptions, ProbeResponse } from './http-probe.js';
import { startLoad } from './load-client.js';
import type { Load, LoadReport } from './load-client.js';
import { waitUntilGone } from './processes.js';
import { spawnFixture } from './spawn-fixture.js';
import type { Fixture } from './spawn-fixture.js';

/**
 * A program for the contract: calls `contractProgram()`, listens on its port, and has
 * `/` (after 10 ms, JSON: role, workerId and generation of the cluster that the adapter gives a handler),
 * `/slow` (`done`, after 300 ms), `/throws`, whose handler throws `new Error('contract')`, and
 * `/saturated` and `/late`, which await `saturate()` and `runLate()` of the program.
 */
export interface AdapterContractOptions {
  readonly fixture: URL;
  readonly args?: readonly string[];
  /** The framework's own answers, which the adapter must not change. */
  readonly frameworkAnswers: {
    readonly error: RegExp;
    readonly notFound: RegExp;
  };
}

const WORKERS = 2;
const LOAD_BEFORE_SIGNAL = 100;
/** Loaded with requests that wait, not with work: the replacements must find a core to boot on. */
const LANES = 4;

interface Identity {
  readonly role: string;
  readonly workerId: number;
  readonly generation: number;
}

interface Program {
  readonly fixture: Fixture;
  /** Without a trailing slash. */
  readonly url: string;
  get(path: string, options?: ProbeOptions): Promise<ProbeResponse>;
  /** Asks until every worker has answered; round-robin needs few tries. */
  identities(): Promise<ReadonlyMap<number, Identity>>;
}

export function describeAdapterContract(name: string, contract: AdapterContractOptions): void {
  const programs: Fixture[] = [];

  const start = async (settings: Partial<ContractSettings> = {}): Promise<Program> => {
    const port = await freePort();
    const complete: Omit<ContractSettings, 'health'> & Partial<ContractSettings> = {
      isPassive: false,
      ...settings,
      port,
      options: { workers: WORKERS, hookTimeoutMs: 20_000, ...settings.options },
    };
    const fixture = spawnFixture(contract.fixture, {
      deadlineMs: 50_000,
      env: { CORRAL_CONTRACT: JSON.stringify(complete), LOG_LEVEL: 'warn' },
      ...(contract.args === undefined ? {} : { args: contract.args }),
    });
    programs.push(fixture);
    await fixture.nextEvent('started');
    const url = `http://127.0.0.1:${port}`;
    return {
      fixture,
      url,
      get: async (path, options) => await probe(url + path, options),
      async identities() {
        const found = new Map<number, Identity>();
        for (let tries = 0; tries < WORKERS * 10 && found.size < WORKERS; tries += 1) {
          const { json } = await probeJson(url);
          const identity = json as Identity;
          found.set(identity.workerId, identity);
        }
        return found;
      },
    };
  };

  const closeAll = async (): Promise<void> => {
    await Promise.all(programs.splice(0).map(async (fixture) => await fixture.close()));
  };

  // One program for all that leaves it as it was, and for the load that ends it.
  describe(`adapter contract: ${name}`, () => {
    let program: Program;
    beforeAll(async () => {
      program = await start({ options: { minUptimeMs: 100 } });
    });
    afterAll(closeAll);

    it('answers in every worker, with the cluster of that worker', async () => {
      const identities = await program.identities();
      expect([...identities.keys()].sort()).toEqual([1, 2]);
      for (const identity of identities.values()) {
        expect(identity).toMatchObject({ role: 'worker', generation: 1 });
      }
    });

    it('answers the health routes', async () => {
      for (const path of ['/livez', '/readyz', '/startupz']) {
        const text = await program.get(path);
        expect(text, path).toMatchObject({ status: 200, body: 'ok' });
        expect(text.headers['content-type']).toMatch(/^text\/plain/);
        expect(text.headers['cache-control']).toBe('no-store');

        const verbose = await program.get(`${path}?verbose`);
        expect(verbose.body, path).toMatch(/^\[\+\]\w+ ok\n(.*\n)*\w+ check passed\n$/);

        const json = await program.get(path, { headers: { accept: 'application/json' } });
        expect(json.headers['content-type']).toMatch(/^application\/json/);
        expect(JSON.parse(json.body)).toMatchObject({ status: 'ok', generation: 1 });

        const head = await program.get(path, { method: 'HEAD' });
        expect(head, path).toMatchObject({ status: 200, body: '' });
        expect(head.headers).toMatchObject({
          'content-length': text.headers['content-length'],
          'content-type': text.headers['content-type'],
          'cache-control': 'no-store',
        });
      }
      const report = await program.get('/health');
      expect(report.status).toBe(200);
      expect(report.headers['content-type']).toMatch(/^application\/json/);
      expect(JSON.parse(report.body)).toMatchObject({
        status: 'ok',
        role: 'worker',
        workerId: expect.any(Number),
        pid: expect.any(Number),
        uptime: expect.any(Number),
      });
    });

    it('leaves every other request and error to the app, but those of offloaded calls', async () => {
      const { error, notFound } = contract.frameworkAnswers;
      for (const path of ['/nowhere', '/livez/deeper', '/healthy']) {
        const answer = await program.get(path);
        expect(answer, path).toMatchObject({ status: 404, body: expect.stringMatching(notFound) });
      }
      const post = await program.get('/livez', { method: 'POST' });
      expect(post).toMatchObject({ status: 404, body: expect.stringMatching(notFound) });
      const thrown = await program.get('/throws');
      expect(thrown).toMatchObject({ status: 500, body: expect.stringMatching(error) });
      const saturated = await program.get('/saturated');
      expect(saturated.status).toBe(503);
      expect(Number(saturated.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(JSON.parse(saturated.body)).toMatchObject({
        statusCode: 503,
        code: 'OFFLOAD_SATURATED',
        error: 'Service Unavailable',
      });
      const late = await program.get('/late');
      expect(late.status).toBe(504);
      expect(JSON.parse(late.body)).toMatchObject({ statusCode: 504, code: 'OFFLOAD_TIMEOUT' });
      // The errors were the requests', not the worker's.
      expect(await program.get('/')).toMatchObject({ status: 200 });
      expect(program.fixture.events.filter(({ event }) => event === 'workerExit')).toEqual([]);
    });

    it('a reload and a SIGTERM under load: all accepted is answered, a drain serves on, then the app closes', async () => {
      const loads = startLoads(program);
      const answered = async (): Promise<void> => {
        await Promise.all(loads.map(async (load) => await load.answered(LOAD_BEFORE_SIGNAL)));
      };
      await answered();

      program.fixture.kill('SIGUSR2');
      const reload = await program.fixture.nextEvent('reload');
      expect(reload).toMatchObject({ generation: 2, replaced: WORKERS, failed: 0 });
      for (let gone = 0; gone < WORKERS; gone += 1) {
        const exit = await program.fixture.nextEvent('workerExit');
        expect(exit).toMatchObject({ reason: 'reload', code: 0 });
      }
      await answered();
      const identities = await program.identities();
      expect([...identities.values()].map(({ generation }) => generation)).toEqual([2, 2]);
      // Later, at the end of the process, connections may come too late; until now none may have failed.
      for (const load of loads) expect(load.report()).toMatchObject({ failures: [], refused: 0 });

      const pids = program.fixture.family();
      const slow = program.get(SLOW_PATH, { headers: { [COUNTED_HEADER]: '1' } });
      slow.catch(() => undefined);
      await program.fixture.waitForOutput(linesOf('slow', 1));
      program.fixture.kill('SIGTERM');

      // While it drains: not ready, live, and still serving.
      await program.fixture.waitForOutput(linesOf('draining', 2 * WORKERS));
      expect(await program.get('/readyz')).toMatchObject({
        status: 503,
        body: expect.stringContaining('draining'),
      });
      expect(await program.get('/livez')).toMatchObject({ status: 200, body: 'ok' });
      const app = await program.get('/');
      expect(app.status).toBe(200);
      expect(app.headers.connection).toBe('close');
      program.fixture.send(RELEASE_MESSAGE);

      const exit = await program.fixture.waitForExit();
      const reports = await Promise.all(loads.map(async (load) => await load.stop()));

      expect(exit).toEqual({ code: 0, signal: null });
      expect(await slow).toMatchObject({ status: 200, body: 'done' });
      for (const report of reports) expectNoAcceptedLost(report);
      await waitUntilGone(pids);

      const lines = linesIn(program.fixture.output);
      const closed = lines.filter((line) => line.contract === 'closing');
      expect(closed.map(({ workerId }) => workerId).sort()).toEqual([1, 1, 2, 2]);
      expect(closed.map(({ unanswered }) => unanswered)).toEqual([0, 0, 0, 0]);
      expect(lines.filter((line) => line.contract === 'late')).toEqual([]);
      // What the app answered is what the clients received.
      const answers = closed.reduce((sum, line) => sum + line.answered, 0);
      const received = reports.reduce((sum, report) => sum + report.ok, 1);
      expect(answers).toBe(received);
    });
  });

  describe(`adapter contract: ${name}`, () => {
    afterEach(closeAll);

    it('runs without bootstrap(), as in its own tests, and ends with its server', async () => {
      const program = await start({
        isPassive: true,
        health: { live: '/-/live', ready: '/-/ready', startup: false, health: '/-/health' },
      });
      const app = await program.get('/');
      expect(JSON.parse(app.body)).toEqual({ role: 'single', workerId: 1, generation: 1 });

      // The health routes are where it was told to have them, and only there.
      expect(await program.get('/-/live?verbose')).toMatchObject({ status: 200 });
      expect(await program.get('/-/ready')).toMatchObject({ status: 200, body: 'ok' });
      expect(await program.get('/-/health')).toMatchObject({ status: 200 });
      for (const path of ['/livez', '/readyz', '/startupz', '/health']) {
        expect(await program.get(path), path).toMatchObject({ status: 404 });
      }

      // Nothing of Corral's keeps the process running: no timer, no signal handler.
      program.fixture.send(CLOSE_MESSAGE);
      expect(await program.fixture.waitForExit()).toEqual({ code: 0, signal: null });
    });
  });
}

function startLoads({ url }: Program): readonly Load[] {
  return (['keep-alive', 'new'] as const).map((connections) =>
    startLoad({
      url: `${url}/`,
      connections,
      concurrency: LANES,
      headers: { [COUNTED_HEADER]: '1' },
      workerIdOf: ({ body }) => String((JSON.parse(body) as Identity).workerId),
    }),
  );
}

/**
 * When the last worker stops listening, a connection that still waits in the listener's queue is reset:
 * no app has seen it. That none was lost which an app has seen, the program's own count shows.
 */
function expectNoAcceptedLost(report: LoadReport): void {
  expect(report.byStatus).toEqual({ 200: report.ok });
  for (const failure of report.failures) {
    expect(failure).toMatchObject({ isNewConnection: true, code: 'ECONNRESET' });
  }
}

function linesOf(contract: ContractLine['contract'], count: number): RegExp {
  return new RegExp(`(?:"contract":"${contract}"[\\s\\S]*){${count}}`);
}

function linesIn(output: string): ContractLine[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"contract"'))
    .map((line) => JSON.parse(line) as ContractLine);
}
