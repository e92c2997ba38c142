import { describe, expect, it } from 'vitest';
import { readRecord, reconcile, succeeding } from './shared-record.js';
import type { SharedRecord } from './shared-record.js';

const base = { level: 'info', limit: 1 };
const record: SharedRecord = { version: 7, value: { ...base, limit: 5 }, base };

it('is read as it was written; what is none is not', () => {
  expect(readRecord({ ...record, undoes: 6 })).toEqual({ ...record, undoes: 6 });
  // What a newer release adds is not this one's business.
  expect(readRecord({ ...record, by: 'somebody' })).toEqual(record);
  for (const other of [
    undefined,
    7,
    [],
    {},
    { ...record, version: 0 },
    { ...record, version: '7' },
  ]) {
    expect(readRecord(other)).toBeUndefined();
  }
});

it('changes only what a change does: no defaults, nothing of the environment', () => {
  const inForce = { level: 'info', limit: 5, isVerbose: false, password: 'of this machine' };
  const next = succeeding(record, { from: inForce, to: { ...inForce, level: 'debug' } });
  expect(next).toEqual({ version: 8, value: { level: 'debug', limit: 5 }, base });
});

describe('what the store lacks', () => {
  it('is everything at the first start', () => {
    expect(reconcile(undefined, undefined, base)).toEqual({ version: 1, value: base, base });
  });

  it('is nothing, as long as code and file say what they said', () => {
    expect(reconcile(record, undefined, { ...base })).toBeUndefined();
    expect(reconcile(record, record, base)).toBeUndefined();
    expect(reconcile({ ...record, version: 8 }, record, base)).toBeUndefined();
  });

  it('is what a new release says anew; what was changed meanwhile stays', () => {
    const newBase = { level: 'warn', limit: 1, added: true };
    expect(reconcile(record, undefined, newBase)).toEqual({
      version: 8,
      value: { level: 'warn', limit: 5, added: true },
      base: newBase,
    });
    // Only who starts looks at that.
    expect(reconcile(record, record, newBase)).toBeUndefined();
  });

  it('is what it has lost', () => {
    expect(reconcile(undefined, record, base)).toBe(record);
    expect(reconcile({ ...record, version: 6 }, record, base)).toBe(record);
  });

  it('is a new number for what has the same one and is another version', () => {
    const other = { ...record, value: { level: 'debug', limit: 1 } };
    expect(reconcile(other, record, base)).toEqual({ ...other, version: 8 });
  });
});
