import { describe, expect, it } from 'vitest';
import { recycleReason } from './recycle-policy.js';
import type { RecycleLimits, RecycleView } from './recycle-policy.js';

const unlimited: RecycleLimits = {
  maxRssBytes: undefined,
  maxHeapUsedRatio: undefined,
  maxRequests: undefined,
  maxAgeMs: undefined,
};
const huge: RecycleView = {
  rssBytes: 1e15,
  heapUsedRatio: 1,
  requests: 1e15,
  ageMs: 1e15,
  jitter: 0,
};
const small: RecycleView = {
  rssBytes: 0,
  heapUsedRatio: 0,
  requests: 0,
  ageMs: 0,
  jitter: 0,
};

describe('a worker is recycled', () => {
  it('never, by default', () => {
    expect(recycleReason(huge, unlimited)).toBeUndefined();
  });

  it.each([
    ['recycled-memory', { maxRssBytes: 100 }, { rssBytes: 100 }, { rssBytes: 101 }],
    // Memory is a hard limit, without a spread.
    ['recycled-memory', { maxRssBytes: 100 }, { rssBytes: 100 }, { rssBytes: 101, jitter: 0.9 }],
    ['recycled-memory', { maxHeapUsedRatio: 0.9 }, { heapUsedRatio: 0.9 }, { heapUsedRatio: 0.91 }],
    ['recycled-requests', { maxRequests: 100 }, { requests: 99 }, { requests: 100 }],
    [
      'recycled-requests',
      { maxRequests: 100 },
      { requests: 104, jitter: 0.5 },
      { requests: 105, jitter: 0.5 },
    ],
    ['recycled-age', { maxAgeMs: 1_000 }, { ageMs: 999 }, { ageMs: 1_000 }],
    [
      'recycled-age',
      { maxAgeMs: 1_000 },
      { ageMs: 1_049, jitter: 0.5 },
      { ageMs: 1_050, jitter: 0.5 },
    ],
  ] as const)('as %s with %j: not at %j, but at %j', (reason, limit, below, beyond) => {
    const limits = { ...unlimited, ...limit };
    expect(recycleReason({ ...small, ...below }, limits)).toBeUndefined();
    expect(recycleReason({ ...small, ...beyond }, limits)).toBe(reason);
  });

  it('at most a tenth beyond its limit', () => {
    const view = { ...small, requests: 110, jitter: 0.999_999 };
    expect(recycleReason(view, { ...unlimited, maxRequests: 100 })).toBe('recycled-requests');
  });

  it('for its memory first', () => {
    const limits = { ...unlimited, maxRssBytes: 1, maxRequests: 1, maxAgeMs: 1 };
    expect(recycleReason(huge, limits)).toBe('recycled-memory');
    expect(recycleReason({ ...huge, rssBytes: 0 }, limits)).toBe('recycled-requests');
  });
});
