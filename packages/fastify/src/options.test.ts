import { getCluster } from '@corral/core';
import { describe, expect, it } from 'vitest';
import { resolvePluginOptions } from './options.js';

describe('resolvePluginOptions', () => {
  it('has defaults for everything, and no load shedding', () => {
    const resolved = resolvePluginOptions({});
    expect(resolved.cluster()).toBe(getCluster());
    expect(resolved.health.ready).toBe('/readyz');
    expect(resolved.loadShedding).toBeUndefined();
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  it('turns off the limit that is not given', () => {
    expect(
      resolvePluginOptions({ loadShedding: { maxEventLoopDelayMs: 50 } }).loadShedding,
    ).toEqual({
      maxEventLoopDelayMs: 50,
      maxEventLoopUtilizationRatio: Infinity,
      retryAfterSeconds: 10,
    });
  });

  it('lets the register options of Fastify pass', () => {
    expect(() => resolvePluginOptions({ prefix: '', logLevel: 'warn' } as never)).not.toThrow();
  });

  it.each([
    ['heath', { heath: false }],
    ['prefix', { prefix: '/internal' }],
    ['health', { health: { live: 'no-slash' } }],
    ['cluster', { cluster: 'mine' }],
    ['loadShedding', { loadShedding: true }],
    ['loadShedding', { loadShedding: {} }],
    ['loadShedding.maxEventLoopDelay', { loadShedding: { maxEventLoopDelay: 5 } }],
    ['loadShedding.maxEventLoopDelayMs', { loadShedding: { maxEventLoopDelayMs: 0 } }],
    ['loadShedding.maxEventLoopDelayMs', { loadShedding: { maxEventLoopDelayMs: '100' } }],
    [
      'loadShedding.maxEventLoopUtilizationRatio',
      { loadShedding: { maxEventLoopUtilizationRatio: 98 } },
    ],
    [
      'loadShedding.retryAfterSeconds',
      { loadShedding: { maxEventLoopDelayMs: 5, retryAfterSeconds: 0.5 } },
    ],
  ])('refuses a wrong %s and names it', (option, given) => {
    expect(() => resolvePluginOptions(given as never)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`options.${option}`),
      }),
    );
  });
});
