import { describe, expect, it } from 'vitest';
import type { ExitReason, StackFrame } from '../cluster.js';
import { createClusterEmitter } from '../cluster-events.js';
import {
  createLogRecorder,
  DEAF_LISTENER,
  startSimulatedCluster,
} from '../../test/simulated-cluster.js';
import type { LogLine } from '../../test/simulated-cluster.js';
import { createSimulatedSystem } from '../../test/simulated-system.js';
import { launchWorker } from './worker-handle.js';
import type { WorkerHandle } from './worker-handle.js';
import type { WorkerExit } from './worker-listener.js';
import { createWorkerReports } from './worker-reports.js';
import type { WorkerReports } from './worker-reports.js';

function setUp(): {
  readonly reports: WorkerReports;
  readonly worker: WorkerHandle;
  readonly lines: LogLine[];
  readonly events: unknown[];
} {
  const { logger, lines } = createLogRecorder();
  const events: unknown[] = [];
  const emitter = createClusterEmitter(logger);
  const system = createSimulatedSystem({ heartbeatMs: 1_000 });
  const worker = launchWorker({ workerId: 2, generation: 3 }, system, DEAF_LISTENER);
  const reports = createWorkerReports(logger, {
    ...emitter,
    emit: (name, event) => void events.push([name, event]),
  });
  return { reports, worker, lines, events };
}

const about = { workerId: 2, generation: 3, workerPid: 100 };
const exitOf = (reason: ExitReason, error?: WorkerExit['error']): WorkerExit => ({
  reason,
  code: 0,
  signal: null,
  uptimeMs: 5,
  isCutShort: false,
  ...(error === undefined ? {} : { error }),
});
const frame = (file: string, functionName = 'f'): StackFrame => ({
  functionName,
  file,
  line: 1,
  column: 2,
});

describe('what is said about a worker', () => {
  it('that is ready', () => {
    const { reports, worker, lines, events } = setUp();
    reports.ready(worker);
    expect(lines).toEqual([
      { level: 'info', details: { ...about, bootMs: 0 }, message: 'worker 2 ready in 0 ms' },
    ]);
    expect(events).toEqual([['workerReady', { workerId: 2, pid: 100, generation: 3, bootMs: 0 }]]);
  });

  it.each([
    [
      'the app’s own',
      [frame('node:fs'), frame('/a/node_modules/x.js'), frame('/a/b.js')],
      '/a/b.js',
    ],
    ['the innermost, when none is the app’s own', [frame('node:fs'), frame('node:net')], 'node:fs'],
  ])('that has stalled names a frame: %s', (_, frames, file) => {
    const { reports, worker, lines, events } = setUp();
    reports.stalled(worker, 4_000.6, frames);
    expect(lines).toEqual([
      {
        level: 'error',
        details: {
          ...about,
          blockedMs: 4_001,
          stack: frames.map(({ file }) => `f (${file}:1:2)`),
        },
        message: `worker 2 does not respond: its event loop has been blocked for 4001 ms, at f (${file}:1:2)`,
      },
    ]);
    expect(events).toEqual([
      ['workerStalled', { workerId: 2, pid: 100, blockedMs: 4_001, frames }],
    ]);
  });

  it('that has stalled without a stack', () => {
    const { reports, worker, lines } = setUp();
    reports.stalled(worker, 4_000, []);
    expect(lines[0]?.message).toBe(
      'worker 2 does not respond: its event loop has been blocked for 4000 ms',
    );
  });

  it('that recovers, fails or was terminated', () => {
    const { reports, worker, lines } = setUp();
    reports.recovered(worker);
    reports.terminated(worker);
    reports.failing(worker, { name: 'Error', message: 'boom' });
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'worker 2 responds again'],
      ['info', 'worker 2 received SIGTERM itself; it is replaced'],
      ['error', 'uncaught error in worker 2: boom; it drains and is replaced'],
    ]);
  });

  it.each<ExitReason>([
    'reload',
    'scale-down',
    'shutdown',
    'terminated',
    'recycled-memory',
    'recycled-requests',
    'recycled-age',
  ])('that has left as it was asked is no error: %s', (reason) => {
    const { reports, worker, lines, events } = setUp();
    reports.exited(worker, exitOf(reason), true);
    expect(lines).toMatchObject([{ level: 'info', message: `worker 2 has left (${reason})` }]);
    expect(events).toHaveLength(1);
  });

  it.each<ExitReason>([
    'stalled',
    'boot-failed',
    'boot-timeout',
    'crashed',
    'killed',
    'oom-killed',
    'exited',
  ])('that is gone unasked is an error: %s', (reason) => {
    const { reports, worker, lines, events } = setUp();
    const error = { name: 'Error', message: 'why' };
    reports.exited(worker, exitOf(reason, error), true);
    expect(lines).toEqual([
      {
        level: 'error',
        details: { ...about, reason, code: 0, signal: null, uptimeMs: 5, err: error },
        message: `worker 2 is gone (${reason}): why`,
      },
    ]);
    expect(events).toEqual([
      [
        'workerExit',
        {
          workerId: 2,
          pid: 100,
          generation: 3,
          reason,
          code: 0,
          signal: null,
          uptimeMs: 5,
          error,
        },
      ],
    ]);
  });

  it('that is gone is no line, but an event, when it is no surprise', () => {
    const { reports, worker, lines, events } = setUp();
    reports.exited(worker, exitOf('crashed'), false);
    expect(lines).toEqual([]);
    expect(events).toHaveLength(1);
  });

  it('tells its error’s stack once, when it fails', () => {
    const { reports, worker, lines } = setUp();
    const error = { name: 'Error', message: 'boom', stack: 'Error: boom' };
    reports.failing(worker, error);
    reports.exited(worker, exitOf('crashed', error), true);
    expect(lines.map(({ details }) => 'err' in details)).toEqual([true, false]);
    expect(lines[1]?.message).toBe('worker 2 is gone (crashed): boom');
  });

  it('whose replacement failed', () => {
    const { reports, lines } = setUp();
    reports.replacementFailed(2, 'recycled-age', { reason: 'boot-timeout' });
    expect(lines).toMatchObject([
      {
        level: 'error',
        message:
          'worker 2 was to be replaced (recycled-age), but its replacement failed (boot-timeout)',
      },
    ]);
  });

  it('that had to cut connections', async () => {
    const { system, lines } = await startSimulatedCluster(1);
    system.newest(1).say({ type: 'drained', cutConnections: 2 });
    system.newest(1).exit();
    expect(lines.at(-3)?.message).toBe(
      'worker 1 had to cut 2 connection(s) at the end of its drain',
    );
  });
});
