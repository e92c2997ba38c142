// What the handle's methods accept, in whichever process they are called.
import { describe, expect, it } from 'vitest';
import {
  checkReason,
  checkReloadOptions,
  checkUpgradeOptions,
  checkWorkers,
} from './call-arguments.js';

describe('arguments of the handle’s methods', () => {
  it('are passed on when they are right, with defaults filled in', () => {
    expect(checkReloadOptions({})).toEqual({ concurrency: 1 });
    expect(checkReloadOptions({ concurrency: 3 })).toEqual({ concurrency: 3 });
    expect(checkUpgradeOptions({})).toEqual({ execPath: process.execPath });
    expect(checkUpgradeOptions({ execPath: '/opt/node' })).toEqual({ execPath: '/opt/node' });
    expect(checkWorkers(4)).toBe(4);
    expect(checkReason('a deploy')).toBe('a deploy');
  });

  it.for([
    [() => checkReloadOptions(null), 'cluster.reload({ concurrency }): got null'],
    [() => checkReloadOptions({ concurrency: '2' }), 'cluster.reload({ concurrency }): got "2"'],
    [() => checkReloadOptions({ concurrency: () => 2 }), 'got a function; expected a whole number'],
    [() => checkReloadOptions({ concurrency: Infinity }), 'got Infinity; expected a whole number'],
    [() => checkUpgradeOptions({ execPath: 1 }), 'cluster.upgrade({ execPath }): got 1'],
    [() => checkWorkers('3'), 'cluster.scale(workers): got "3"; expected a whole number, 1…1024'],
    [() => checkWorkers(NaN), 'cluster.scale(workers): got NaN'],
    [() => checkWorkers(0), 'cluster.scale(workers): got 0'],
    [() => checkReason(42), 'cluster.shutdown(reason): got 42; expected a text, or nothing'],
  ] as const)('are refused with a clear error: $1', ([check, message]) => {
    expect(check).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(message),
      }),
    );
  });
});
