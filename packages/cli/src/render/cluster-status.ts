// CLI: the status of a cluster, for people. Pure.
import type {
  ClusterStatus,
  ConfigStatus,
  OffloadStatus,
  StateSnapshotStatus,
  WorkerStateName,
  WorkerStatus,
} from '@corral/core';
import { nameProcesses } from './processes.js';
import type { Paint, Tone } from './paint.js';
import { renderFacts, renderTable } from './table.js';
import type { Column } from './table.js';
import { count, formatBytes, formatDuration, formatRatio, printableLine } from './units.js';

type Fact = readonly [name: string, text: string];

const TONES: Readonly<Record<WorkerStateName, Tone>> = {
  booting: 'busy',
  ready: 'good',
  stalled: 'bad',
  draining: 'busy',
  killed: 'bad',
  gone: 'bad',
};

const WORKER_COLUMNS: readonly Column<WorkerStatus>[] = [
  { title: 'id', text: ({ workerId }) => String(workerId) },
  { title: 'pid', text: ({ pid }) => String(pid) },
  { title: 'gen', text: ({ generation }) => String(generation) },
  { title: 'state', align: 'left', text: ({ state }) => state, tone: ({ state }) => TONES[state] },
  { title: 'uptime', text: ({ uptimeMs }) => formatDuration(uptimeMs) },
  { title: 'rss', text: ({ rssBytes }) => formatBytes(rssBytes) },
  { title: 'cpu', text: ({ cpuRatio }) => formatRatio(cpuRatio) },
  { title: 'loop', text: (worker) => formatRatio(worker.eventLoopUtilizationRatio) },
  { title: 'connections', text: ({ connections }) => String(connections) },
  { title: 'requests', text: ({ requests }) => String(requests) },
];

/** Only where something was offloaded. */
const THREAD_COLUMNS: readonly Column<WorkerStatus>[] = [
  {
    title: 'threads busy',
    text: ({ offload }) =>
      offload === undefined ? '-' : `${sum(offload, 'running')} of ${offload.grantedThreads}`,
  },
  {
    title: 'queued',
    text: ({ offload }) => (offload === undefined ? '-' : String(sum(offload, 'queued'))),
  },
];

type Module = OffloadStatus['modules'][number];

function sum({ modules }: OffloadStatus, figure: 'running' | 'queued'): number {
  return modules.reduce((total, module) => total + module[figure], 0);
}

const MODULE_COLUMNS: readonly Column<Module>[] = [
  { title: 'module', align: 'left', text: ({ name }) => name },
  { title: 'threads', text: ({ threads }) => String(threads) },
  { title: 'running', text: ({ running }) => String(running) },
  { title: 'queued', text: ({ queued, maxQueue }) => `${queued} of ${maxQueue}` },
  { title: 'completed', text: ({ completed }) => String(completed) },
  { title: 'failed', text: ({ failed }) => String(failed) },
  { title: 'saturated', text: ({ saturated }) => String(saturated) },
  { title: 'timed out', text: ({ timedOut }) => String(timedOut) },
  { title: 'p99 run', text: ({ run }) => `${Math.round(run.p99Ms)} ms` },
];

export function renderStatus(status: ClusterStatus, paint: Paint): string {
  const { role, pid, nodeVersion, uptimeMs, workers, offload } = status;
  const who = role === 'single' ? 'single process' : role;
  const title = `${who} ${pid}, Node.js ${nodeVersion}, up ${formatDuration(uptimeMs)}`;
  const parts = [
    `${printableLine(title)}\n`,
    renderFacts(factsOf(status, paint), paint),
    renderTable(
      offload === undefined ? WORKER_COLUMNS : [...WORKER_COLUMNS, ...THREAD_COLUMNS],
      workers,
      paint,
    ),
    ...(offload === undefined || offload.modules.length === 0
      ? []
      : [renderTable(MODULE_COLUMNS, offload.modules, paint)]),
  ];
  return parts.join('\n');
}

function factsOf(status: ClusterStatus, paint: Paint): Fact[] {
  const { desired, ready, draining, generation, balance, requests, offload, config } = status;
  const workers = [
    paint(ready < desired ? 'bad' : 'good', `${ready} of ${desired} ready`),
    ...(draining === 0 ? [] : [`${draining} draining`]),
    `generation ${generation}`,
  ];
  return [
    ['workers', workers.join(', ')],
    ['balance', printableLine(`${balance.mode}: ${balance.reason}`)],
    ['restarts', describeRestarts(status.restarts)],
    ['requests', String(requests)],
    ...(offload === undefined ? [] : [['offload', describeOffload(offload)] as const]),
    ...(config === undefined ? [] : describeConfig(config, paint)),
    ...(status.stateSnapshot === undefined ? [] : describeSnapshot(status.stateSnapshot, paint)),
  ];
}

function describeRestarts(restarts: ClusterStatus['restarts']): string {
  const reasons = Object.entries(restarts).filter(([, times]) => times > 0);
  if (reasons.length === 0) return 'none';
  const total = reasons.reduce((sum, [, times]) => sum + times, 0);
  return printableLine(
    `${total} (${reasons.map(([reason, times]) => `${times} ${reason}`).join(', ')})`,
  );
}

function describeOffload({ grantedThreads, utilizationRatio }: OffloadStatus): string {
  return `${count(grantedThreads, 'thread')} granted, ${formatRatio(utilizationRatio)} in use`;
}

function describeConfig(
  { version, processes, problem, shared }: ConfigStatus,
  paint: Paint,
): Fact[] {
  const behind = Object.entries(processes).filter(([, applied]) => applied !== version);
  const where =
    behind.length === 0
      ? ''
      : `, not yet in ${nameProcesses(behind.map(([workerId]) => Number(workerId)))}`;
  const sharing =
    shared === undefined
      ? ''
      : shared.reachable
        ? ', shared with other clusters'
        : paint('bad', ', the store that clusters share cannot be reached');
  return [
    ['config', `version ${version}${where}${sharing}`],
    ...(problem === undefined ? [] : [['', paint('bad', printableLine(problem))] as const]),
  ];
}

function describeSnapshot(snapshot: StateSnapshotStatus, paint: Paint): Fact[] {
  const { file, writtenAt, entries, problem } = snapshot;
  const written =
    writtenAt === undefined ? 'not written yet' : `${entries ?? 0} entries, at ${writtenAt}`;
  return [
    ['snapshot', printableLine(`${file} (${written})`)],
    ...(problem === undefined ? [] : [['', paint('bad', printableLine(problem))] as const]),
  ];
}
