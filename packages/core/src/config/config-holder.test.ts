import { describe, expect, it } from 'vitest';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import { deferred } from '../deferred.js';
import { createConfigHolder } from './config-holder.js';
import type { ConfigHolder } from './config-holder.js';
import type { Json } from './json-value.js';

const { logger, lines } = createLogRecorder();
const holderOf = (value: Json): ConfigHolder => createConfigHolder({ version: 1, value }, logger);

describe('the configuration of a process', () => {
  it('tells its subscribers, in order, what has changed', async () => {
    const holder = holderOf({ a: 1, b: 1 });
    const told: unknown[] = [];
    holder.subscribe(async (next, previous, context) => {
      // In force already, for whatever the subscriber calls.
      expect(holder.current.value).toBe(next);
      await Promise.resolve();
      told.push(['first', next, previous, context]);
    });
    const stop = holder.subscribe(() => void told.push('second'));
    await holder.apply({ version: 2, value: { a: 1, b: 2 } }, 1_000);
    expect(told).toEqual([
      ['first', { a: 1, b: 2 }, { a: 1, b: 1 }, { version: 2, changedPaths: ['b'] }],
      'second',
    ]);
    stop();
    stop();
    await holder.apply({ version: 3, value: { a: 2, b: 2 } }, 1_000);
    expect(told).toHaveLength(3);
  });

  it('applies one version at a time, and none that is older', async () => {
    const holder = holderOf(0);
    const seen: unknown[] = [];
    let running = 0;
    holder.subscribe(async (next) => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      running -= 1;
      seen.push(next);
    });
    await Promise.all(
      [2, 4, 3, 4, 5].map(
        async (version) => await holder.apply({ version, value: version }, 1_000),
      ),
    );
    expect(seen).toEqual([2, 4, 5]);
    expect(holder.current.version).toBe(5);
  });

  it('goes back when a subscriber refuses, and takes back what it has told', async () => {
    const holder = holderOf('old');
    const told: unknown[] = [];
    holder.subscribe((next) => void told.push(['first', next]));
    holder.subscribe((next) => {
      told.push(['second', next]);
      if (next === 'bad') throw new Error('no');
    });
    holder.subscribe((next) => void told.push(['third', next]));
    await expect(holder.apply({ version: 2, value: 'bad' }, 1_000)).rejects.toThrow('no');
    expect(holder.current).toEqual({ version: 1, value: 'old' });
    // The same again, as a new version: there is nothing to tell, once all have gone back.
    await holder.apply({ version: 3, value: 'old' }, 1_000);
    expect(told).toEqual([
      ['first', 'bad'],
      ['second', 'bad'],
      ['second', 'old'],
      ['first', 'old'],
    ]);
    expect(holder.current.version).toBe(3);
  });

  it('answers at once when a subscriber refuses, also when the way back takes its time', async () => {
    const holder = holderOf('old');
    const back = deferred<void>();
    const seen: unknown[] = [];
    holder.subscribe(async (next) => {
      seen.push(next);
      if (next === 'bad') throw new Error('no');
      if (next === 'old') await back.promise;
    });
    const linesBefore = lines.length;
    await expect(holder.apply({ version: 2, value: 'bad' }, 1_000)).rejects.toThrow('no');
    // Nor was it given up.
    expect(lines).toHaveLength(linesBefore);
    const applied = holder.apply({ version: 3, value: 'good' }, 1_000);
    // The next is not applied before that.
    expect(holder.current).toEqual({ version: 1, value: 'old' });
    back.resolve();
    await applied;
    expect(seen).toEqual(['bad', 'old', 'good']);
  });

  it('refuses for a subscriber that does not end, and reports one that cannot go back', async () => {
    const holder = holderOf('old');
    holder.subscribe((next) => {
      if (next === 'old') throw new Error('there is no way back');
    });
    holder.subscribe(async () => await new Promise(() => undefined));
    await expect(holder.apply({ version: 2, value: 'new' }, 10)).rejects.toThrow(
      'a subscriber did not finish in time',
    );
    await holder.apply({ version: 3, value: 'old' }, 1_000);
    expect(lines.map(({ details }) => String(details['err']))).toContain(
      'Error: there is no way back',
    );
  });
});
