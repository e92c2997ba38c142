import { describe, expect, it } from 'vitest';
import { createVersionTrail } from './version-trail.js';
import type { VersionTrail } from './version-trail.js';

function trailOf(...versions: readonly number[]): VersionTrail<{ readonly version: number }> {
  const trail = createVersionTrail();
  for (const version of versions) trail.add({ version });
  return trail;
}

describe('what a version of the configuration is taken back to', () => {
  it('is the one before it', () => {
    expect(trailOf().target).toBeUndefined();
    expect(trailOf(1).target).toBeUndefined();
    expect(trailOf(1, 2, 3).target).toEqual({ version: 2 });
  });

  it('is none that was refused, whenever that was', () => {
    const trail = trailOf(1, 2, 3);
    trail.refuse(2);
    expect(trail.target).toEqual({ version: 1 });
    // The newest itself.
    trail.refuse(3);
    trail.add({ version: 4 });
    expect(trail.target).toEqual({ version: 1 });
    trail.add({ version: 5 });
    expect(trail.target).toEqual({ version: 4 });
    trail.refuse(4);
    trail.refuse(1);
    expect(trail.target).toBeUndefined();
  });

  it('is none from before others that are not known, nor of long ago', () => {
    const trail = trailOf(1, 2);
    trail.clear();
    trail.add({ version: 9 });
    expect(trail.target).toBeUndefined();
    const long = trailOf(...Array.from({ length: 100 }, (_, index) => index));
    for (let version = 92; version < 99; version++) long.refuse(version);
    expect(long.target).toEqual({ version: 91 });
    long.refuse(91);
    expect(long.target).toBeUndefined();
  });
});
