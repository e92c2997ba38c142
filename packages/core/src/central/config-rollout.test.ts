import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answered,
  beginRollouts,
  isOver,
  join,
  leave,
  passDeadline,
  publish,
  retire,
} from './config-rollout.js';
import type { RolloutState } from './config-rollout.js';

const error = { name: 'Error', message: 'no' };
const joined = (...ids: number[]): RolloutState => {
  let state = beginRollouts(1);
  for (const id of ids) state = join(state, id);
  return state;
};

describe('a version', () => {
  it('goes to all, and is over when all have answered', () => {
    const { state, send } = publish(joined(1, 2), 2);
    expect(send).toEqual([1, 2]);
    const first = answered(state, 1, 2);
    expect(isOver(first.state)).toBe(false);
    const second = answered(first.state, 2, 2, error);
    expect(isOver(second.state)).toBe(true);
    expect(second.state.rollout).toMatchObject({
      applied: [1],
      rejected: [{ member: 2, error }],
      timedOut: [],
    });
    expect([...second.state.members.values()].map(({ acked }) => acked)).toEqual([2, 1]);
  });

  it('does not wait for one that has ended, and is over at its deadline', () => {
    let { state } = publish(joined(1, 2, 3), 2);
    state = leave(state, 1);
    state = answered(state, 2, 2).state;
    expect(isOver(state)).toBe(false);
    state = passDeadline(state);
    expect(isOver(state)).toBe(true);
    expect(state.rollout).toMatchObject({ applied: [2], timedOut: [3] });
  });

  it('is not sent to one that has not answered the last, which then gets the newest', () => {
    let { state } = publish(joined(1), 2);
    state = passDeadline(state);
    for (const version of [3, 4]) {
      const step = publish(state, version);
      expect(step.send).toEqual([]);
      expect(isOver(step.state)).toBe(true);
      expect(step.state.rollout.timedOut).toEqual([1]);
      ({ state } = step);
    }
    const step = answered(state, 1, 2);
    expect(step.send).toEqual([1]);
    expect(step.state.members.get(1)).toEqual({ acked: 2, sent: 4, isLeaving: false });
  });

  it('goes to one that leaves, too, which is not waited for and cannot refuse it', () => {
    let { state } = publish(joined(1, 2), 2);
    state = retire(state, 1);
    expect(retire(state, 1)).toBe(state);
    expect(retire(state, 9)).toBe(state);
    state = answered(state, 2, 2).state;
    expect(isOver(state)).toBe(true);
    const refused = answered(state, 1, 2, error);
    expect(refused.isLateRejection).toBe(false);
    const next = publish(refused.state, 3);
    expect(next.send).toEqual([1, 2]);
    expect([...next.state.rollout.waiting]).toEqual([2]);
    // Nor is it reported when it does not answer.
    const last = publish(passDeadline(next.state), 4).state;
    expect(last.rollout.timedOut).toEqual([2]);
    expect(last.rollout.rejected).toEqual([]);
  });

  it('can be refused when nobody waits any more', () => {
    const { state } = publish(joined(1), 2);
    expect(answered(passDeadline(state), 1, 2, error).isLateRejection).toBe(true);
    // Also when a newer one has come meanwhile: nobody should go back to it.
    const newer = publish(passDeadline(state), 3).state;
    expect(answered(newer, 1, 2, error)).toMatchObject({ isLateRejection: true, send: [1] });
    expect(answered(newer, 1, 2).isLateRejection).toBe(false);
  });

  it('is not answered by one that it was not sent to, nor twice', () => {
    const { state } = publish(joined(1), 2);
    for (const wrong of [answered(state, 9, 2), answered(state, 1, 1), answered(state, 1, 3)]) {
      expect(wrong.state).toBe(state);
    }
    const once = answered(state, 1, 2).state;
    expect(answered(once, 1, 2, error).state).toBe(once);
  });
});

/** A process on the other side: what it has got, and what of it is unanswered. */
interface Process {
  readonly got: number[];
  unanswered: number | undefined;
  applied: number;
}

describe('whatever happens', () => {
  const event = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('publish' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('answer' as const),
        who: fc.nat(20),
        refuses: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('deadline' as const) }) },
  );

  it('versions come in order, one at a time, and everybody ends with the newest', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        let state = beginRollouts(1);
        let nextId = 1;
        const processes = new Map<number, Process>();
        const deliver = (ids: readonly number[]): void => {
          for (const id of ids) {
            const process = processes.get(id);
            // Only to one that is there, one version at a time, each newer than the last.
            expect(process).toBeDefined();
            expect(process?.unanswered).toBeUndefined();
            expect(state.version).toBeGreaterThan(process?.got.at(-1) ?? 0);
            process?.got.push(state.version);
            process!.unanswered = state.version;
          }
        };
        const answer = (id: number, refuses: boolean): void => {
          const process = processes.get(id);
          if (process?.unanswered === undefined) return;
          const version = process.unanswered;
          process.unanswered = undefined;
          if (!refuses) process.applied = version;
          const step = answered(state, id, version, refuses ? error : undefined);
          ({ state } = step);
          deliver(step.send);
        };
        const pick = (who: number): number => [...processes.keys()][who % processes.size] ?? 0;

        for (const each of events) {
          if (each.do === 'publish') {
            const step = publish(state, state.version + 1);
            ({ state } = step);
            deliver(step.send);
          } else if (each.do === 'join') {
            const id = nextId++;
            state = join(state, id);
            processes.set(id, {
              got: [state.version],
              unanswered: undefined,
              applied: state.version,
            });
          } else if (each.do === 'answer') answer(pick(each.who), each.refuses);
          else if (each.do === 'leave') {
            const id = pick(each.who);
            processes.delete(id);
            state = leave(state, id);
          } else state = passDeadline(state);

          // Nobody is named twice, and what is recorded is what the processes have.
          const { waiting, applied, rejected, timedOut } = state.rollout;
          const named = [
            ...waiting,
            ...applied,
            ...rejected.map(({ member }) => member),
            ...timedOut,
          ];
          expect(new Set(named).size).toBe(named.length);
          for (const [id, { acked, sent }] of state.members) {
            expect(processes.get(id)).toMatchObject({ applied: acked });
            expect(processes.get(id)?.unanswered).toBe(sent);
          }
          expect(state.members.size).toBe(processes.size);
        }

        // Everybody reads, and applies: all have the newest.
        for (let round = 0; round < 2; round++)
          for (const id of processes.keys()) answer(id, false);
        const step = publish(state, state.version + 1);
        ({ state } = step);
        deliver(step.send);
        for (const id of processes.keys()) answer(id, false);
        expect(isOver(state)).toBe(true);
        expect(state.rollout.applied).toHaveLength(processes.size);
        for (const { applied } of processes.values()) expect(applied).toBe(state.version);
      }),
      { numRuns: 300 },
    );
  });
});
