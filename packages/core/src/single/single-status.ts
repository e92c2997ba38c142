// Single process: the cluster's status when there is nothing but this process.
import type { ClusterStatus, WorkerStateName } from '../cluster.js';
import type { Health } from '../health/health.js';
import type { OffloadStatus } from '../offload/offload.js';

export function singleStatus(
  state: Extract<WorkerStateName, 'booting' | 'ready' | 'draining'>,
  health: Health,
  { connections, requests }: { readonly connections: number; readonly requests: number },
  offload?: OffloadStatus,
): ClusterStatus {
  const sample = health.sample();
  const uptimeMs = Math.round(process.uptime() * 1_000);
  return {
    role: 'single',
    pid: process.pid,
    nodeVersion: process.version,
    uptimeMs,
    generation: 1,
    desired: 1,
    ready: state === 'ready' ? 1 : 0,
    draining: state === 'draining' ? 1 : 0,
    balance: { mode: 'single', reason: 'the app runs in this process alone' },
    restarts: {},
    requests,
    ...(offload === undefined ? {} : { offload }),
    workers: [
      {
        workerId: 1,
        pid: process.pid,
        generation: 1,
        state,
        uptimeMs,
        rssBytes: sample.rssBytes,
        heapUsedBytes: sample.heapUsedBytes,
        cpuRatio: sample.cpuRatio,
        eventLoopUtilizationRatio: sample.eventLoopUtilizationRatio,
        eventLoopDelayP99Ms: sample.eventLoopDelayP99Ms,
        messages: { waiting: 0, dropped: 0, malformed: 0 },
        connections,
        requests,
        ...(offload === undefined ? {} : { offload }),
      },
    ],
  };
}
