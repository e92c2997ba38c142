// Deadlines of many calls with one timer.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDeadlines } from './deadlines.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('every item is over at its own time, and not before', () => {
  const over: string[] = [];
  const deadlines = createDeadlines<string>(100, (item) => over.push(item));
  deadlines.add('first');
  vi.advanceTimersByTime(60);
  deadlines.add('second');
  vi.advanceTimersByTime(39);
  expect(over).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(over).toEqual(['first']);
  vi.advanceTimersByTime(59);
  expect(over).toEqual(['first']);
  vi.advanceTimersByTime(1);
  expect(over).toEqual(['first', 'second']);
});

test('what is deleted is never over', () => {
  const over: string[] = [];
  const deadlines = createDeadlines<string>(100, (item) => over.push(item));
  deadlines.add('done');
  deadlines.delete('done');
  vi.advanceTimersByTime(1_000);
  deadlines.add('later');
  expect([...deadlines.items()]).toEqual(['later']);
  vi.advanceTimersByTime(99);
  expect(over).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(over).toEqual(['later']);
});
