// Primary or single process: the figures of task threads as metrics, all processes together. Pure.
import type { OffloadModuleStatus, OffloadStatus } from '../offload/offload.js';
import type { Metric, Sample } from './prometheus-text.js';

export function offloadMetrics(offload: OffloadStatus | undefined): readonly Metric[] {
  if (offload === undefined) return [];
  const { modules } = offload;
  const gauge = (
    name: string,
    help: string,
    value: (of: OffloadModuleStatus) => number,
  ): Metric => ({
    name: `corral_offload_${name}`,
    help,
    type: 'gauge',
    samples: modules.map((each) => ({ labels: { module: each.name }, value: value(each) })),
  });
  return [
    {
      name: 'corral_offload_granted_threads',
      help: 'Threads that may run at the same time, over all processes.',
      type: 'gauge',
      samples: [{ value: offload.grantedThreads }],
    },
    {
      name: 'corral_offload_utilization_ratio',
      help: 'Share of the granted threads that has been busy of late, 0 to 1.',
      type: 'gauge',
      samples: [{ value: offload.utilizationRatio }],
    },
    gauge('threads', 'Threads that are there: busy, idle and starting.', (each) => each.threads),
    gauge('running', 'Calls that run.', (each) => each.running),
    gauge('queued', 'Calls that wait for a thread.', (each) => each.queued),
    gauge('queue_limit', 'Calls that may wait, over all processes.', (each) => each.maxQueue),
    {
      name: 'corral_offload_calls_total',
      help: 'Calls by how they have ended.',
      type: 'counter',
      samples: modules.flatMap(callSamples),
    },
    {
      name: 'corral_offload_terminations_total',
      help: 'Threads that ended in the middle of a call, by the reason.',
      type: 'counter',
      samples: modules.flatMap(({ name, terminations }) =>
        Object.entries(terminations).map(([reason, value]) => ({
          labels: { module: name, reason },
          value,
        })),
      ),
    },
    {
      name: 'corral_offload_wait_seconds',
      help: 'How long calls that got a thread had waited for it, its start included.',
      type: 'histogram',
      samples: modules.map(({ name, wait }) => ({ labels: { module: name }, value: wait })),
    },
    {
      name: 'corral_offload_run_seconds',
      help: 'How long calls ran, whatever their end.',
      type: 'histogram',
      samples: modules.map(({ name, run }) => ({ labels: { module: name }, value: run })),
    },
  ];
}

function callSamples(module: OffloadModuleStatus): Sample[] {
  const { name, completed, failed, saturated, timedOut, aborted, crashed } = module;
  const ends = { completed, failed, saturated, timed_out: timedOut, aborted, crashed };
  return Object.entries(ends).map(([end, value]) => ({ labels: { module: name, end }, value }));
}
