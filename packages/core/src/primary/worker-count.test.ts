import { expect, test } from 'vitest';
import { askedWorkers, firstWorkers } from './worker-count.js';

const machine = { availableParallelism: 4, cgroup: {} };

test.each([
  [3, 3],
  [{ min: 2, max: 8 }, 2],
  ['auto', 4],
] as const)('workers: %j asks for %d on four cores', (workers, expected) => {
  expect(askedWorkers({ workers, memoryPerWorkerBytes: 1 }, machine)).toBe(expected);
});

const range = { min: 2, max: 8 };

test.each([
  ['what the options ask for', 4, 4, undefined, 4],
  ['as many as the predecessor, when it was scaled', 4, 4, { desired: 7, asked: 4 }, 7],
  [
    'what the new release asks for, when the old one asked for another number',
    3,
    3,
    { desired: 7, asked: 4 },
    3,
  ],
  [
    'what the new release asks for, when the old one had a range',
    4,
    4,
    { desired: 7, asked: 'range' },
    4,
  ],
  ['as many as the predecessor, within the range', range, 2, { desired: 7, asked: 'range' }, 7],
  ['no more than the range allows', range, 2, { desired: 12, asked: 12 }, 8],
  ['no fewer than the range allows', range, 2, { desired: 1, asked: 1 }, 2],
] as const)('a primary begins with %s', (_, workers, asked, inherited, expected) => {
  expect(firstWorkers({ workers }, asked, inherited)).toBe(expected);
});
