import { describe, expect, it } from 'vitest';
import { clusterHealth } from './cluster-health.js';

describe('clusterHealth', () => {
  it('is ready from minReady workers on', () => {
    expect(clusterHealth({ desired: 4, ready: 2 }, { minReady: 2 })).toEqual({
      live: true,
      ready: true,
    });
    expect(clusterHealth({ desired: 4, ready: 1 }, { minReady: 2 })).toEqual({
      live: true,
      ready: false,
      reason: '1 of at least 2 workers ready',
    });
  });

  it('is not ready while it shuts down, even with workers that still serve', () => {
    expect(clusterHealth({ desired: 0, ready: 4 }, { minReady: 1 })).toEqual({
      live: true,
      ready: false,
      reason: 'shutting down',
    });
  });
});
