// Primary of the configuration's contestants: times broadcasts, and holds a rate of them.
import { setTimeout as delay } from 'node:timers/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { reportEvent } from '@corral/test-kit/fixture';

/** What travels: about as much as an app's configuration. */
export const initial = {
  counter: 0,
  log: { level: 'info' },
  limits: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`limit${index}`, index])),
};

/**
 * Waits for the test's plan, and answers it.
 *
 * @param {(counter: number) => Promise<unknown>} broadcast resolves when all workers have it
 */
export function measureOnRequest(broadcast) {
  process.on('message', (plan) => void measure(plan, broadcast));
  reportEvent('ready');
}

async function measure({ warmUps, broadcasts, ratePerSecond, rateMs }, broadcast) {
  let counter = 0;
  const once = async () => {
    const startMs = performance.now();
    await broadcast((counter += 1));
    return performance.now() - startMs;
  };
  for (let i = 0; i < warmUps; i++) await once();
  const tookMs = [];
  for (let i = 0; i < broadcasts; i++) tookMs.push(await once());

  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const startMs = performance.now();
  const pending = [];
  for (let sent = 0; performance.now() - startMs < rateMs;) {
    // As many as are due: a timer is not exact to the millisecond. Looked at once, for where a broadcast
    // takes longer than its share there would always be more.
    const due = ((performance.now() - startMs) * ratePerSecond) / 1_000;
    for (; sent < due; sent++) pending.push(once());
    await delay(1);
  }
  await Promise.all(pending);
  const perSecond = (pending.length * 1_000) / (performance.now() - startMs);
  reportEvent('measured', { tookMs, perSecond, loopDelayP99Ms: loop.percentile(99) / 1e6 });
}
