import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watch } from '../../test/simulated-cluster.js';
import type { PrimaryCall, Reply } from './messages.js';
import { createRequester } from './requester.js';

const STATUS: PrimaryCall = { name: 'status' };
const ok = (seq: number, value: unknown): Reply => ({
  type: 'reply',
  seq,
  outcome: { ok: true, value },
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a request', () => {
  it('is sent under a number of its own, and resolves with the reply to it', async () => {
    const sent: unknown[] = [];
    const requester = createRequester((seq, call) => sent.push([seq, call.name]) > 0);
    const first = requester.request(STATUS, 1_000);
    const second = requester.request({ name: 'scale', workers: 2 }, 1_000);
    expect(sent).toEqual([
      [1, 'status'],
      [2, 'scale'],
    ]);
    requester.settle(ok(2, 'b'));
    requester.settle(ok(1, 'a'));
    expect([await first, await second]).toEqual(['a', 'b']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with the other side’s error', async () => {
    const requester = createRequester(() => true);
    const request = requester.request(STATUS, 1_000);
    const error = { name: 'CorralError', message: 'going', code: 'SHUTTING_DOWN' };
    requester.settle({ type: 'reply', seq: 1, outcome: { ok: false, error, details: 7 } });
    await expect(request).rejects.toMatchObject({
      name: 'CorralError',
      code: 'SHUTTING_DOWN',
      message: 'going',
      details: 7,
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects when no reply comes in time; one that is late is ignored', async () => {
    const requester = createRequester(() => true);
    const request = watch(requester.request(STATUS, 1_000));
    await vi.advanceTimersByTimeAsync(999);
    expect(request.outcome.state).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(request.outcome).toMatchObject({
      error: {
        code: 'REQUEST_TIMEOUT',
        message: "no answer to 'status' within 1000 ms; the other process may be blocked",
      },
    });
    requester.settle(ok(1, 'late'));
    requester.settle(ok(99, 'never asked'));
  });

  it('rejects when the channel is closed already', async () => {
    const requester = createRequester(() => false);
    await expect(requester.request(STATUS, 1_000)).rejects.toMatchObject({
      code: 'CHANNEL_CLOSED',
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects when the channel closes meanwhile, and afterwards is not even sent', async () => {
    let sent = 0;
    const requester = createRequester(() => {
      sent += 1;
      return true;
    });
    const pending = [watch(requester.request(STATUS, 1_000)), watch(requester.request(STATUS, 5))];
    requester.close();
    requester.close();
    const later = watch(requester.request(STATUS, 1_000));
    await vi.advanceTimersByTimeAsync(0);
    for (const { outcome } of [...pending, later]) {
      expect(outcome).toMatchObject({ error: { code: 'CHANNEL_CLOSED' } });
    }
    expect(sent).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('requests, whatever happens', () => {
  it('each settle once, with their own reply or an error, and leave no timer', async () => {
    const action = fc.oneof(
      fc.record({
        do: fc.constant('request' as const),
        timeoutMs: fc.integer({ min: 1, max: 50 }),
      }),
      fc.record({ do: fc.constant('reply' as const), seq: fc.nat(12) }),
      fc.record({ do: fc.constant('pass' as const), ms: fc.nat(30) }),
      fc.record({ do: fc.constant('close' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const requester = createRequester(() => true);
        const requests: Array<ReturnType<typeof watch>> = [];
        for (const step of actions) {
          if (step.do === 'request')
            requests.push(watch(requester.request(STATUS, step.timeoutMs)));
          if (step.do === 'reply') requester.settle(ok(step.seq, step.seq));
          if (step.do === 'pass') await vi.advanceTimersByTimeAsync(step.ms);
          if (step.do === 'close') requester.close();
        }
        await vi.advanceTimersByTimeAsync(50);
        for (const [index, { outcome }] of requests.entries()) {
          expect(outcome.state).not.toBe('pending');
          if (outcome.state === 'resolved') expect(outcome.value).toBe(index + 1);
        }
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });
});
