import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExitReason, WorkerStateName } from '../cluster.js';
import { transition } from './worker-state.js';
import type { WorkerEvent, WorkerState } from './worker-state.js';

const AT_MS = 50;
const state = (name: WorkerStateName): WorkerState =>
  name === 'booting' || name === 'ready' || name === 'stalled'
    ? { name, sinceMs: 1 }
    : { name, sinceMs: 1, reason: 'reload' };
const exit = (
  code: number | null,
  signal: string | null = null,
  isOomKill = false,
): WorkerEvent => ({ type: 'exit', code, signal, isOomKill });

const events: Readonly<Record<string, WorkerEvent>> = {
  ready: { type: 'ready' },
  stalled: { type: 'stalled' },
  recovered: { type: 'recovered' },
  drain: { type: 'drain', reason: 'scale-down' },
  kill: { type: 'kill', reason: 'stalled' },
  exit: exit(1),
};

describe('a worker', () => {
  // For each state, what each event leads to; '-' leaves it as it is.
  it.each([
    ['booting', 'ready', '-', '-', 'draining', 'killed', 'gone'],
    ['ready', '-', 'stalled', '-', 'draining', 'killed', 'gone'],
    ['stalled', '-', '-', 'ready', 'draining', 'killed', 'gone'],
    ['draining', '-', '-', '-', '-', 'killed', 'gone'],
    ['killed', '-', '-', '-', '-', '-', 'gone'],
    ['gone', '-', '-', '-', '-', '-', '-'],
  ] as const)('that is %s', (from, ...expected) => {
    const before = state(from);
    for (const [index, event] of Object.values(events).entries()) {
      const after = transition(before, event, AT_MS);
      if (expected[index] === '-') expect(after).toBe(before);
      else expect(after).toMatchObject({ name: expected[index], sinceMs: AT_MS });
    }
  });

  it('leaves for the reason that came first', () => {
    const draining = transition(state('ready'), { type: 'drain', reason: 'reload' }, 2);
    const killed = transition(draining, { type: 'kill', reason: 'stalled' }, 3);
    expect(killed).toEqual({ name: 'killed', sinceMs: 3, reason: 'reload' });
    expect(transition(killed, exit(null, 'SIGKILL', true), 4)).toEqual({
      name: 'gone',
      sinceMs: 4,
      reason: 'reload',
    });
  });

  it.each([
    ['ready', exit(0), 'exited'],
    ['ready', exit(1), 'crashed'],
    ['stalled', exit(1), 'crashed'],
    ['ready', exit(null, 'SIGKILL'), 'killed'],
    ['ready', exit(null, 'SIGTERM'), 'killed'],
    ['ready', exit(null, 'SIGHUP'), 'killed'],
    ['ready', exit(null, 'SIGKILL', true), 'oom-killed'],
    ['booting', exit(null, 'SIGKILL', true), 'oom-killed'],
    ['booting', exit(1), 'boot-failed'],
    ['booting', exit(0), 'boot-failed'],
    ['booting', exit(null, 'SIGSEGV'), 'boot-failed'],
    ...(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP'] as const).map(
      (signal) => ['ready', exit(null, signal), 'crashed'] as const,
    ),
  ] as const)('that is %s and ends as %j ended by being %s', (from, event, reason) => {
    expect(transition(state(from), event, AT_MS)).toMatchObject({ name: 'gone', reason });
  });
});

describe('whatever happens to a worker', () => {
  const reasons: readonly ExitReason[] = ['reload', 'shutdown', 'stalled', 'crashed'];
  const anyEvent: fc.Arbitrary<WorkerEvent> = fc.oneof(
    fc.constantFrom<WorkerEvent>({ type: 'ready' }, { type: 'stalled' }, { type: 'recovered' }),
    fc.record({
      type: fc.constantFrom('drain' as const, 'kill' as const),
      reason: fc.constantFrom(...reasons),
    }),
    fc.constantFrom(exit(0), exit(1), exit(null, 'SIGKILL'), exit(null, 'SIGSEGV')),
  );
  const ORDER: readonly WorkerStateName[] = ['booting', 'ready', 'draining', 'killed', 'gone'];
  const rank = ({ name }: WorkerState): number =>
    ORDER.indexOf(name === 'stalled' ? 'ready' : name);

  it('never moves back, never forgets its reason, and stays gone', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (all) => {
        let current: WorkerState = { name: 'booting', sinceMs: 0 };
        for (const [index, event] of all.entries()) {
          const next = transition(current, event, index + 1);
          expect(rank(next)).toBeGreaterThanOrEqual(rank(current));
          expect(next.sinceMs).toBe(next === current ? current.sinceMs : index + 1);
          if ('reason' in current) expect(next).toHaveProperty('reason', current.reason);
          if (event.type === 'exit') expect(next.name).toBe('gone');
          current = next;
        }
      }),
    );
  });
});
