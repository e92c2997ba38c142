import { expect, it } from 'vitest';
import type { ClusterStatus, DurationHistogram, OffloadStatus, WorkerStatus } from '@corral/core';
import { renderStatus } from './cluster-status.js';
import { coloured, plain } from './paint.js';

function worker(workerId: number, changes: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    workerId,
    pid: 4700 + workerId,
    generation: 1,
    state: 'ready',
    uptimeMs: 192_000,
    rssBytes: 64 * 1024 * 1024,
    heapUsedBytes: 0,
    cpuRatio: 0.031,
    eventLoopUtilizationRatio: 0.5,
    eventLoopDelayP99Ms: 11,
    connections: 12,
    requests: 617,
    messages: { waiting: 0, dropped: 0, malformed: 0 },
    ...changes,
  };
}

const status: ClusterStatus = {
  role: 'primary',
  pid: 4700,
  nodeVersion: 'v24.19.0',
  uptimeMs: 193_000,
  generation: 1,
  desired: 2,
  ready: 2,
  draining: 0,
  balance: { mode: 'slots', reason: 'the kernel balances' },
  restarts: {},
  requests: 1234,
  workers: [worker(1), worker(2)],
};

const none: DurationHistogram = {
  boundsMs: [],
  counts: [],
  count: 0,
  sumMs: 0,
  maxMs: 0,
  p50Ms: 0,
  p99Ms: 41.6,
};

function offload(running: number, queued: number): OffloadStatus {
  const outcomes = { completed: 90, failed: 1, saturated: 2, timedOut: 3, aborted: 0, crashed: 0 };
  const terminations = { timeout: 0, aborted: 0, crashed: 0 };
  const limits = { threads: 2, maxQueue: 512 };
  return {
    grantedThreads: 2,
    utilizationRatio: 0.35,
    modules: [
      {
        name: 'tasks',
        running,
        queued,
        ...limits,
        ...outcomes,
        terminations,
        wait: none,
        run: none,
      },
    ],
  };
}

it('shows a cluster that is well', () => {
  expect(renderStatus(status, plain)).toBe(`primary 4700, Node.js v24.19.0, up 3m 13s

workers   2 of 2 ready, generation 1
balance   slots: the kernel balances
restarts  none
requests  1234

  id   pid  gen  state  uptime       rss  cpu  loop  connections  requests
   1  4701    1  ready  3m 12s  64.0 MiB   3%   50%           12       617
   2  4702    1  ready  3m 12s  64.0 MiB   3%   50%           12       617
`);
});

it('shows what is the matter', () => {
  const text = renderStatus(
    {
      ...status,
      generation: 2,
      ready: 1,
      draining: 1,
      restarts: { crashed: 2, stalled: 1 },
      workers: [worker(1, { generation: 2 }), worker(2, { state: 'draining' })],
      offload: offload(1, 4),
      config: {
        version: 7,
        value: {},
        processes: { 0: 7, 1: 6, 2: 7 },
        problem: 'config.yaml:3:5 is\u001B[2J wrong',
        shared: { reachable: false },
      },
      stateSnapshot: {
        file: '/var/state',
        writtenAt: '2026-01-01T00:00:00Z',
        entries: 5,
        problem: 'the disk is full',
      },
    },
    plain,
  );
  expect(text).toBe(`primary 4700, Node.js v24.19.0, up 3m 13s

workers   1 of 2 ready, 1 draining, generation 2
balance   slots: the kernel balances
restarts  3 (2 crashed, 1 stalled)
requests  1234
offload   2 threads granted, 35% in use
config    version 7, not yet in worker 1, the store that clusters share cannot be reached
          config.yaml:3:5 is\uFFFD[2J wrong
snapshot  /var/state (5 entries, at 2026-01-01T00:00:00Z)
          the disk is full

  id   pid  gen  state     uptime       rss  cpu  loop  connections  requests  threads busy  queued
   1  4701    2  ready     3m 12s  64.0 MiB   3%   50%           12       617             -       -
   2  4702    1  draining  3m 12s  64.0 MiB   3%   50%           12       617             -       -

  module  threads  running    queued  completed  failed  saturated  timed out  p99 run
  tasks         2        1  4 of 512         90       1          2          3    42 ms
`);
});

it('shows the threads of each worker', () => {
  const workers = [worker(1, { offload: offload(2, 7) })];
  const text = renderStatus({ ...status, workers, offload: offload(2, 7) }, plain);
  expect(text).toMatch(/threads busy  queued\n.* 617 {8}2 of 2 {7}7\n/);
});

it('shows a single process, and a configuration that is shared', () => {
  const text = renderStatus(
    {
      ...status,
      role: 'single',
      config: { version: 2, value: {}, processes: { 1: 2 }, shared: { reachable: true } },
      stateSnapshot: { file: '/var/state' },
    },
    plain,
  );
  expect(text).toMatch(/^single process 4700, /);
  expect(text).toContain('\nconfig    version 2, shared with other clusters\n');
  expect(text).toContain('\nsnapshot  /var/state (not written yet)\n');
});

it('has colours for what is well and what is not', () => {
  const workers = [worker(1), worker(2, { state: 'stalled' })];
  const text = renderStatus({ ...status, ready: 1, workers }, coloured);
  expect(text).toContain('\u001B[31m1 of 2 ready\u001B[0m');
  expect(text).toContain('\u001B[32mready\u001B[0m');
  expect(text).toContain('\u001B[31mstalled\u001B[0m');
});

it('lets nothing through that a terminal would obey, and nothing that breaks a line', () => {
  const bad = 'x\u001B[2J\ny\tz';
  const [module] = offload(0, 0).modules;
  const hostile = {
    ...status,
    role: bad,
    nodeVersion: bad,
    balance: { mode: bad, reason: bad },
    restarts: { [bad]: 1 },
    workers: [worker(1, { state: bad as WorkerStatus['state'] })],
    offload: { ...offload(0, 0), modules: [{ ...module, name: bad }] },
    config: { version: 1, value: {}, processes: {}, problem: bad },
    stateSnapshot: { file: bad, writtenAt: bad, problem: bad },
  } as unknown as ClusterStatus;
  const text = renderStatus(hostile, plain);
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(text.match(/x\uFFFD\[2J y z/g)).toHaveLength(11);
  expect(text.split('\n')).toHaveLength(renderStatus(harmless(hostile), plain).split('\n').length);
});

function harmless(hostile: ClusterStatus): ClusterStatus {
  return JSON.parse(JSON.stringify(hostile).replaceAll(/\\u001b|\\[nt]/g, '')) as ClusterStatus;
}
