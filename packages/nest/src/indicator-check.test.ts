import { describe, expect, it } from 'vitest';
import { indicatorCheck } from './indicator-check.js';

const context = { signal: new AbortController().signal };

describe('indicatorCheck', () => {
  it('passes with what the indicator says', async () => {
    const check = indicatorCheck(() => ({ db: { status: 'up', pool: 3 } }));
    expect(await check(context)).toEqual({ db: { status: 'up', pool: 3 } });
  });

  it('passes while an indicator is degraded', async () => {
    const check = indicatorCheck(async () => ({ db: { status: 'degraded' } }));
    expect(await check(context)).toEqual({ db: { status: 'degraded' } });
  });

  it('fails when the indicator says down, with its result for the log', async () => {
    const check = indicatorCheck(async () => ({ db: { status: 'down', message: 'no route' } }));
    await expect(check(context)).rejects.toMatchObject({
      message: 'db is down',
      result: { db: { message: 'no route' } },
    });
  });

  it('fails as the indicator fails', async () => {
    const check = indicatorCheck(async () => await Promise.reject(new Error('gone')));
    await expect(check(context)).rejects.toThrow('gone');
  });
});
