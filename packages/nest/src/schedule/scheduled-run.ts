// Any process that runs the app: which run of its schedule a handler of @nestjs/schedule is called for.
import type { SchedulerRegistry } from '@nestjs/schedule';
import { notScheduled } from '../errors.js';
import { lastTickMs } from './cron-tick.js';

// Where @nestjs/schedule's decorators write; it does not export these names.
const NAME = 'SCHEDULER_NAME';
const CRON = 'SCHEDULE_CRON_OPTIONS';
const INTERVAL = 'SCHEDULE_INTERVAL_OPTIONS';

/** For so long nobody does a run again, however late its clock or its timer is. */
const KEEP_CRON_MS = 60 * 60 * 1_000;
/** Of an interval: the next call of the same process comes a little earlier or later than it should. */
const KEEP_INTERVAL_SHARE = 0.9;

/** What core's once runs are asked for. */
export interface ScheduledRun {
  readonly key: string;
  readonly keepMs: number;
}

interface CronMetadata {
  readonly name?: string;
  readonly cronTime: unknown;
  readonly timeZone?: string;
  readonly utcOffset?: number;
}

/** What of a `CronTime` tells its ticks. */
interface Schedule {
  readonly source: unknown;
  readonly timeZone?: string;
  readonly utcOffset?: number;
}

/**
 * @param handler what the schedule's decorators have decorated
 * @param job what the runs of a handler without a name go by
 * @throws {CorralError} `INVALID_ARGUMENT` when it is no handler of `@Cron()` or `@Interval()`
 */
export function scheduledRun(
  handler: object,
  job: string,
  registry: SchedulerRegistry,
  nowMs: number,
): ScheduledRun {
  const name = (Reflect.getMetadata(NAME, handler) as string | undefined) ?? job;
  const cron = Reflect.getMetadata(CRON, handler) as CronMetadata | undefined;
  if (cron !== undefined) {
    const at = new Date(cronTickMs(cron, registry, nowMs)).toISOString();
    return { key: `cron:${name}:${at}`, keepMs: KEEP_CRON_MS };
  }
  const interval = Reflect.getMetadata(INTERVAL, handler) as { timeout: number } | undefined;
  if (interval === undefined) throw notScheduled(job);
  // Intervals begin when their processes do, so they have no ticks in common: the first to come after the
  // time is over does the next run.
  const keepMs = Math.max(1, Math.floor(interval.timeout * KEEP_INTERVAL_SHARE));
  return { key: `interval:${name}`, keepMs };
}

function cronTickMs(cron: CronMetadata, registry: SchedulerRegistry, nowMs: number): number {
  const { name, cronTime } = cron;
  // A date, or one of Luxon's: the only tick.
  if (typeof cronTime !== 'string') return Number(cronTime);
  // A job without a name has another in every process; but all with the same schedule have the same ticks.
  const job =
    name === undefined
      ? [...registry.getCronJobs().values()].find((each) => hasTicksOf(cron, each.cronTime))
      : registry.getCronJob(name);
  if (job === undefined) throw notScheduled(cronTime);
  const { cronTime: schedule } = job;
  const zone = zoneOf(schedule);
  return lastTickMs(
    (afterMs) => schedule.getNextDateFrom(new Date(afterMs), zone).toMillis(),
    nowMs,
  );
}

function hasTicksOf({ cronTime, timeZone, utcOffset }: CronMetadata, schedule: Schedule): boolean {
  return (
    schedule.source === cronTime &&
    schedule.utcOffset === utcOffset &&
    // Without any, it is that of the machine.
    (timeZone === undefined || schedule.timeZone === timeZone)
  );
}

/** As `cron` makes it of its options. */
function zoneOf({ timeZone, utcOffset }: Schedule): string | undefined {
  if (utcOffset === undefined) return timeZone;
  const minutes = Math.abs(utcOffset);
  const [hh, mm] = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0'));
  return `UTC${utcOffset < 0 ? '-' : '+'}${hh}:${mm}`;
}
