import { describe, expect, it } from 'vitest';
import { inTurn } from './connection-dispatcher.js';
import type { GroupMember } from './listener-group.js';

const member = (id: number): GroupMember => ({
  id,
  workerId: id,
  state: 'ready',
  connections: 0,
  utilizationRatio: 0,
  send: () => true,
  isFull: false,
  isGone: () => false,
});

describe('inTurn', () => {
  it.each([
    ['that began to listen in order', [1, 2, 3]],
    ['that began to listen in any order', [3, 1, 2]],
  ])('gives every one of the workers %s its turn', (_what, ids) => {
    const policy = inTurn(() => 0);
    const free = ids.map(member);
    const view = { eligible: free, free, members: free, isBusy: () => false };
    const picked = Array.from({ length: 6 }, () => policy.pick({} as never, view)?.id);
    expect(picked).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('passes over those that are not free', () => {
    const policy = inTurn(() => 0);
    const pick = (...ids: number[]): number | undefined => {
      const free = ids.map(member);
      return policy.pick({} as never, { eligible: free, free, members: free, isBusy: () => false })
        ?.id;
    };
    expect([pick(1, 2, 3), pick(3, 1), pick(2, 3), pick(2)]).toEqual([1, 3, 2, 2]);
  });
});
