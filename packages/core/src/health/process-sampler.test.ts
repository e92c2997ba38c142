import { performance } from 'node:perf_hooks';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createProcessSampler, toProcessSample } from './process-sampler.js';

function blockFor(durationMs: number): void {
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs);
}

describe('toProcessSample', () => {
  it('is finite and not negative whatever was counted', () => {
    const odd = fc.oneof(fc.double(), fc.constantFrom(0, Number.NaN, Infinity, -Infinity));
    fc.assert(
      fc.property(odd, odd, odd, odd, odd, (elapsedMs, cpuMicros, utilization, mean, p99) => {
        const sample = toProcessSample({
          memory: { rss: 1, heapUsed: 2, heapTotal: 3, external: 4 },
          heapLimitBytes: 0,
          elapsedMs,
          cpuMicros,
          eventLoopUtilizationRatio: utilization,
          eventLoopDelayMeanNanos: mean,
          eventLoopDelayP99Nanos: p99,
        });
        const values: number[] = Object.values(sample);
        expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
      }),
    );
  });

  it('converts units', () => {
    expect(
      toProcessSample({
        memory: { rss: 1, heapUsed: 2, heapTotal: 3, external: 4 },
        heapLimitBytes: 8,
        elapsedMs: 2_000,
        cpuMicros: 500_000,
        eventLoopUtilizationRatio: 0.5,
        eventLoopDelayMeanNanos: 1_500_000,
        eventLoopDelayP99Nanos: 3_000_000,
      }),
    ).toEqual({
      rssBytes: 1,
      heapUsedBytes: 2,
      heapTotalBytes: 3,
      heapUsedRatio: 0.25,
      externalBytes: 4,
      cpuRatio: 0.25,
      eventLoopUtilizationRatio: 0.5,
      eventLoopDelayMeanMs: 1.5,
      eventLoopDelayP99Ms: 3,
    });
  });
});

describe('createProcessSampler', () => {
  afterEach(() => void vi.useRealTimers());

  it('tells memory before the first interval has passed, and nothing is NaN', () => {
    const sampler = createProcessSampler();
    const sample = sampler.sample();
    sampler.close();
    expect(sample.rssBytes).toBeGreaterThan(0);
    expect(sample.heapUsedBytes).toBeGreaterThan(0);
    expect(Object.values(sample).every((value) => Number.isFinite(value))).toBe(true);
  });

  it('keeps the last figures of memory while none can be had, as without a free file descriptor', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const sampler = createProcessSampler({ intervalMs: 1_000 });
    const { rssBytes } = sampler.sample();
    const unreadable = vi.spyOn(process, 'memoryUsage').mockImplementation(() => {
      throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
    });
    vi.advanceTimersByTime(1_000);
    unreadable.mockRestore();
    expect(sampler.sample()).toMatchObject({ rssBytes });
    sampler.close();
  });

  it('sees a blocked loop in the interval it happened in, and only there', () => {
    // Only the timers are driven by hand; time, CPU and the block are real.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const sampler = createProcessSampler({ intervalMs: 1_000 });
    vi.advanceTimersByTime(950);
    blockFor(100);
    vi.advanceTimersByTime(50);
    const blocked = sampler.sample();
    vi.advanceTimersByTime(1_000);
    const after = sampler.sample();
    sampler.close();

    expect(blocked.eventLoopDelayP99Ms).toBeGreaterThan(79);
    expect(blocked.eventLoopDelayMeanMs).toBeLessThan(blocked.eventLoopDelayP99Ms);
    expect(blocked.cpuRatio).toBeGreaterThan(0);
    expect(after.eventLoopDelayP99Ms).toBeLessThan(blocked.eventLoopDelayP99Ms);
  });

  it('sees a block that begins right after an interval ended', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const sampler = createProcessSampler({ intervalMs: 1_000 });
    vi.advanceTimersByTime(1_000);
    blockFor(100);
    vi.advanceTimersByTime(1_000);
    const { eventLoopDelayP99Ms } = sampler.sample();
    sampler.close();
    expect(eventLoopDelayP99Ms).toBeGreaterThan(79);
  });

  it('begins anew when it is told to, and knows nothing of what was before', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const sampler = createProcessSampler({ intervalMs: 1_000 });
    blockFor(100);
    vi.advanceTimersByTime(1_000);
    blockFor(100);
    vi.advanceTimersByTime(900);
    sampler.restart();
    const begun = sampler.sample();
    vi.advanceTimersByTime(999);
    expect(sampler.sample()).toBe(begun);
    vi.advanceTimersByTime(1);
    const after = sampler.sample();
    sampler.close();

    expect(begun).toMatchObject({ cpuRatio: 0, eventLoopDelayP99Ms: 0 });
    expect(begun.rssBytes).toBeGreaterThan(0);
    expect(after).not.toBe(begun);
    expect(after.eventLoopDelayP99Ms).toBeLessThan(79);
  });

  it('holds no process open, and stops for good when closed', () => {
    const timersNow = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timersNow();
    createProcessSampler().close();
    const open = createProcessSampler();
    expect(timersNow()).toBe(before);
    open.close();

    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const sampler = createProcessSampler();
    sampler.close();
    sampler.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(sampler.sample().rssBytes).toBeGreaterThan(0);
  });
});
