import { describe, expect, it } from 'vitest';
import { DRAIN_MARGIN_MS, judgeLiveness } from './liveness-policy.js';
import type { LivenessLimits, LivenessVerdict } from './liveness-policy.js';
import type { WorkerState } from './worker-state.js';

const limits: LivenessLimits = {
  bootTimeoutMs: 1_000,
  heartbeatMs: 100,
  stallMs: 400,
  stallKillMs: 2_000,
  drainTimeoutMs: 5_000,
};
const NOW_MS = 1_000_000;

interface Case {
  readonly inStateMs?: number;
  readonly silentMs?: number;
  readonly isDebugged?: boolean;
  readonly stallMs?: number;
}

function judge(name: WorkerState['name'], given: Case): LivenessVerdict {
  const { inStateMs = 0, silentMs = 0, isDebugged = false, stallMs = limits.stallMs } = given;
  const sinceMs = NOW_MS - inStateMs;
  const state: WorkerState =
    name === 'draining' || name === 'killed' || name === 'gone'
      ? { name, sinceMs, reason: 'reload' }
      : { name, sinceMs };
  const view = { state, lastSeenMs: NOW_MS - silentMs, isDebugged };
  return judgeLiveness(view, NOW_MS, { ...limits, stallMs });
}

/** One and a half times `stallMs`, and a heartbeat. */
const UNDETECTED_MS = 700;
const OVERDUE_MS = limits.drainTimeoutMs + DRAIN_MARGIN_MS;
const FOREVER_MS = 900_000;

describe('a worker that boots', () => {
  it.each([
    [{ inStateMs: 999, silentMs: 999 }, 'fine'],
    [{ inStateMs: 1_000 }, 'boot-timeout'],
    // A debugger may hold an app at its first line; the boot's own limit still counts.
    [{ inStateMs: 1_000, isDebugged: true }, 'boot-timeout'],
  ] as const)('%j: %s', (given, verdict) => {
    expect(judge('booting', given)).toBe(verdict);
  });
});

describe('a worker that is ready', () => {
  it.each([
    [{ inStateMs: FOREVER_MS, silentMs: UNDETECTED_MS }, 'fine'],
    [{ silentMs: UNDETECTED_MS + 1 }, 'stalled'],
    [{ silentMs: FOREVER_MS, isDebugged: true }, 'fine'],
    [{ silentMs: FOREVER_MS, stallMs: 0 }, 'fine'],
  ] as const)('%j: %s', (given, verdict) => {
    expect(judge('ready', given)).toBe(verdict);
  });
});

describe('a worker that has stalled', () => {
  it.each([
    [{ silentMs: 1_999 }, 'fine'],
    [{ silentMs: 2_000 }, 'kill-stalled'],
    [{ silentMs: FOREVER_MS, isDebugged: true }, 'fine'],
  ] as const)('%j: %s', (given, verdict) => {
    expect(judge('stalled', given)).toBe(verdict);
  });
});

describe('a worker that drains', () => {
  it.each([
    [{ inStateMs: OVERDUE_MS - 1, silentMs: 0 }, 'fine'],
    [{ inStateMs: OVERDUE_MS, silentMs: 0 }, 'kill-overdue'],
    [{ inStateMs: OVERDUE_MS, isDebugged: true }, 'kill-overdue'],
    [{ inStateMs: 2_000, silentMs: 2_000 }, 'kill-stalled'],
    [{ inStateMs: 2_000, silentMs: 2_000, stallMs: 0 }, 'fine'],
  ] as const)('%j: %s', (given, verdict) => {
    expect(judge('draining', given)).toBe(verdict);
  });
});

describe('a worker that has been killed or is gone', () => {
  it.each(['killed', 'gone'] as const)('%s: is left alone', (name) => {
    expect(judge(name, { inStateMs: FOREVER_MS, silentMs: FOREVER_MS })).toBe('fine');
  });
});
