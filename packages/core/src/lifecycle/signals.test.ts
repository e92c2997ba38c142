import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { holdSignals } from './signals.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  for (const signal of SIGNALS) process.removeAllListeners(signal);
});

interface Told {
  readonly said: string[];
  readonly deliver: () => void;
}

function hold(): Told {
  const said: string[] = [];
  const signals = holdSignals();
  return {
    said,
    deliver: () =>
      signals.deliver({
        terminate: (signal) => said.push(`terminate ${signal}`),
        hurry: (signal) => said.push(`hurry ${signal}`),
        reload: (signal) => said.push(`reload ${signal}`),
      }),
  };
}

const send = (signal: NodeJS.Signals): boolean => process.emit(signal, signal);

it('tells of the first signal, and of those that come later than an echo', () => {
  const { said, deliver } = hold();
  deliver();
  send('SIGINT');
  vi.advanceTimersByTime(299);
  send('SIGINT');
  expect(said).toEqual(['terminate SIGINT']);
  vi.advanceTimersByTime(1);
  send('SIGTERM');
  expect(said).toEqual(['terminate SIGINT', 'hurry SIGTERM']);
});

it('keeps a signal that comes early until somebody can act on it', () => {
  const { said, deliver } = hold();
  send('SIGUSR2');
  send('SIGTERM');
  send('SIGTERM');
  expect(said).toEqual([]);
  deliver();
  expect(said).toEqual(['terminate SIGTERM']);
  send('SIGUSR2');
  expect(said).toEqual(['terminate SIGTERM', 'reload SIGUSR2']);
});
