// Any process that runs the app: an indicator of @nestjs/terminus as a check of `cluster.health`.
import type { HealthCheck } from '@corral/core';
import { indicatorDown } from './errors.js';

/** What terminus calls a HealthIndicatorResult; written out, so that terminus stays optional. */
export type IndicatorResult = Readonly<Record<string, { readonly status: string }>>;

/**
 * Makes a check of a terminus indicator:
 *
 * ```ts
 * cluster.health.addCheck('db', indicatorCheck(() => this.db.pingCheck('db')), { timeoutMs: 1_000 });
 * ```
 *
 * It fails when the indicator throws, as those of terminus 10 and older do, or says `down`.
 */
export function indicatorCheck(
  indicator: () => IndicatorResult | PromiseLike<IndicatorResult>,
): HealthCheck {
  return async () => {
    const result = await indicator();
    const down = Object.keys(result).filter((key) => result[key]?.status === 'down');
    if (down.length > 0) throw indicatorDown(down, result);
    return result;
  };
}
