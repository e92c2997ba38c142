// Any process that runs the app: a decorator for handlers of @nestjs/schedule that one process of all runs.
import { createOnceRuns } from '@corral/core/once';
import type { OnceRuns } from '@corral/core/once';
import { Inject } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Cluster } from '../cluster-token.js';
import { notInjected } from '../errors.js';
import { scheduledRun } from './scheduled-run.js';

const CLUSTER = Symbol('corral.cluster');
const REGISTRY = Symbol('corral.scheduler-registry');

/** What `@RunOnce()` decorates: a method that returns a promise; in a process that leaves the run to another, of undefined. */
export type RunOnceDecorator = <Method extends (...args: never[]) => Promise<unknown>>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

type Handler = (this: object, ...args: unknown[]) => Promise<unknown>;

const runsOf = new WeakMap<Cluster, OnceRuns>();

/**
 * Lets one worker of all, and with a state on Redis one of all machines', run the handler each time:
 *
 * ```ts
 * @Cron('0 3 * * *', { name: 'backup' })
 * @RunOnce()
 * async backUp() { … }
 * ```
 *
 * The others resolve at once. Runs go by the `name` of `@Cron()` or `@Interval()`, or else by the class and
 * the method. A run of `@Cron()` is done once for its scheduled time: when its worker is killed, nobody does
 * it again. One of `@Interval()` is done when at least nine tenths of the interval have passed since the last
 * began. A shutdown waits for a run, for as long as a hook may take. While the state cannot be reached,
 * nothing runs, and the error is logged by Nest.
 *
 * For methods of classes that Nest makes, in an app that imports `ClusterModule` and `ScheduleModule`. The
 * order of the decorators does not matter.
 */
export function RunOnce(): RunOnceDecorator {
  return (target, method, descriptor) => {
    const handler = descriptor.value as unknown as Handler;
    const job = `${target.constructor.name}.${String(method)}`;
    // Nest sets these on every instance.
    Inject(Cluster)(target, CLUSTER);
    Inject(SchedulerRegistry)(target, REGISTRY);

    const runOnce: Handler = async function runOnce(...args) {
      const cluster = Reflect.get(this, CLUSTER) as Cluster | undefined;
      const registry = Reflect.get(this, REGISTRY) as SchedulerRegistry | undefined;
      if (cluster === undefined || registry === undefined) throw notInjected(job);
      const { key, keepMs } = scheduledRun(runOnce, job, registry, Date.now());
      const run = await onceRunsOf(cluster).begin(key, keepMs);
      if (run === undefined) return undefined;
      try {
        return await handler.apply(this, args);
      } finally {
        run.end();
      }
    };
    // What decorators below this one have written; those above write to the new function.
    for (const key of Reflect.getMetadataKeys(handler) as unknown[]) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), runOnce);
    }
    Object.defineProperty(runOnce, 'name', { value: handler.name });
    descriptor.value = runOnce as unknown as NonNullable<typeof descriptor.value>;
  };
}

function onceRunsOf(cluster: Cluster): OnceRuns {
  const known = runsOf.get(cluster);
  if (known !== undefined) return known;
  const runs = createOnceRuns({ cluster });
  runsOf.set(cluster, runs);
  return runs;
}
