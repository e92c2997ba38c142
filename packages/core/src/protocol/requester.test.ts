import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watch } from '../../test/simulated-cluster.js';
import type { PrimaryCall } from './messages.js';
import { createRequester } from './requester.js';

const STATUS: PrimaryCall = { name: 'status' };
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a request', () => {
  it('is sent under a number of its own, and resolves with the reply to it', async () => {
    const sent: unknown[] = [];
    const requester = createRequester<PrimaryCall, unknown>(
      (seq, call) => sent.push([seq, call.name]) > 0,
    );
    const first = requester.request(STATUS, 1_000);
    const second = requester.request({ name: 'scale', workers: 2 }, 1_000);
    expect(sent).toEqual([
      [1, 'status'],
      [2, 'scale'],
    ]);
    requester.resolve(2, 'b');
    requester.resolve(1, 'a');
    expect([await first, await second]).toEqual(['a', 'b']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects when it cannot be answered any more', async () => {
    const requester = createRequester<PrimaryCall, unknown>(() => true);
    const request = requester.request(STATUS, 1_000);
    requester.reject(1, new Error('dropped'));
    await expect(request).rejects.toThrow('dropped');
    expect(requester.pending).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects when no reply comes in time; one that is late is ignored', async () => {
    const requester = createRequester<PrimaryCall, unknown>(() => true);
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
    requester.resolve(1, 'late');
    requester.resolve(99, 'never asked');
  });

  it('rejects when the channel is closed already', async () => {
    const requester = createRequester<PrimaryCall, unknown>(() => false);
    await expect(requester.request(STATUS, 1_000)).rejects.toMatchObject({
      code: 'CHANNEL_CLOSED',
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects when the channel closes meanwhile, and afterwards is not even sent', async () => {
    let sent = 0;
    const requester = createRequester<PrimaryCall, unknown>(() => {
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
        const requester = createRequester<PrimaryCall, unknown>(() => true);
        const requests: Array<ReturnType<typeof watch>> = [];
        for (const step of actions) {
          if (step.do === 'request')
            requests.push(watch(requester.request(STATUS, step.timeoutMs)));
          if (step.do === 'reply') requester.resolve(step.seq, step.seq);
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
