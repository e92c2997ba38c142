import { beforeEach, describe, expect, it } from 'vitest';
import { createStateStore } from '../create-state-store.js';
import { createMemoryBackend } from '../memory-state.js';
import type { StateStore } from '../state-store.js';
import { createRateCounter } from './rate-counter.js';

const WINDOW_MS = 60_000;
let state: StateStore;
let lines: unknown[][];
const logger = {
  info: (...line: unknown[]) => void lines.push(line),
  warn: (...line: unknown[]) => void lines.push(line),
};

beforeEach(() => {
  state = createStateStore(createMemoryBackend());
  lines = [];
});

describe('a rate counter', () => {
  it('counts each key in windows that begin with its first hit', async () => {
    const counter = createRateCounter({ state, logger });
    expect(await counter.peek('a')).toBeUndefined();
    const first = await counter.hit('a', WINDOW_MS);
    expect(first.hits).toBe(1);
    expect(first.resetInMs).toBeGreaterThan(WINDOW_MS - 1_000);
    expect(first.resetInMs).toBeLessThanOrEqual(WINDOW_MS);
    // A later hit does not prolong the window.
    expect((await counter.hit('a', 10 * WINDOW_MS)).resetInMs).toBeLessThanOrEqual(WINDOW_MS);
    expect((await counter.hit('b', WINDOW_MS)).hits).toBe(1);
    expect(await counter.peek('a')).toMatchObject({ hits: 2 });
    await counter.forget('a');
    expect((await counter.hit('a', WINDOW_MS)).hits).toBe(1);
    await counter.forgetAll();
    expect(await counter.peek('b')).toBeUndefined();
  });

  it('takes hits back, but none of a window that is over', async () => {
    const counter = createRateCounter({ state, logger });
    await counter.hit('a', WINDOW_MS);
    await counter.hit('a', WINDOW_MS);
    await counter.undo('a');
    expect(await counter.peek('a')).toMatchObject({ hits: 1 });
    await counter.undo('nowhere');
    expect(await counter.peek('nowhere')).toBeUndefined();
  });

  it('ends a window earlier or later', async () => {
    const counter = createRateCounter({ state, logger });
    await counter.hit('a', WINDOW_MS);
    await counter.endIn('a', 2 * WINDOW_MS);
    expect((await counter.hit('a', WINDOW_MS)).resetInMs).toBeGreaterThan(WINDOW_MS);
  });

  it('keeps counters of several prefixes apart, and counts for all of the same', async () => {
    const [first, second, other] = ['api', 'api', 'login'].map((prefix) =>
      createRateCounter({ state, prefix, logger }),
    );
    await first?.hit('a', WINDOW_MS);
    expect(await second?.hit('a', WINDOW_MS)).toMatchObject({ hits: 2 });
    expect(await other?.hit('a', WINDOW_MS)).toMatchObject({ hits: 1 });
  });

  it('takes any key', async () => {
    const counter = createRateCounter({ state, logger });
    const long = 'x'.repeat(100_000);
    for (const key of ['', '__proto__', long, `${long}y`, '\ud800', '\ud801', `${long}\ud800`]) {
      expect(await counter.hit(key, WINDOW_MS), JSON.stringify(key).slice(0, 20)).toMatchObject({
        hits: 1,
      });
    }
  });

  it('counts exactly when all hit at once', async () => {
    const counter = createRateCounter({ state, logger });
    const hits = await Promise.all(
      Array.from({ length: 300 }, async () => await counter.hit('a', WINDOW_MS)),
    );
    expect(hits.filter(({ hits }) => hits <= 100)).toHaveLength(100);
  });

  it('lets everything pass while the state is away, and says so once', async () => {
    const counter = createRateCounter({ state, logger });
    await state.close();
    for (let hit = 0; hit < 3; hit += 1) {
      expect(await counter.hit('a', WINDOW_MS)).toEqual({ hits: 1, resetInMs: WINDOW_MS });
    }
    expect(await counter.peek('a')).toBeUndefined();
    await counter.undo('a');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.[0]).toMatchObject({ err: { code: 'STATE_CLOSED' } });
  });

  it('fails while the state is away when told to', async () => {
    const counter = createRateCounter({ state, logger, whenUnavailable: 'closed' });
    await state.close();
    await expect(counter.hit('a', WINDOW_MS)).rejects.toMatchObject({ code: 'STATE_CLOSED' });
  });

  it.each([
    ['state', { state: 3 }],
    ['prefix', { prefix: '' }],
    ['whenUnavailable', { whenUnavailable: 'ajar' }],
  ])('refuses a wrong %s', (option, options) => {
    expect(() => createRateCounter({ state, ...options } as never)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`options.${option}`),
      }),
    );
  });
});
