import { expect, it } from 'vitest';
import { choosePaint, coloured, plain } from './paint.js';
import { renderFacts, renderTable } from './table.js';
import type { Column } from './table.js';

const rows = [
  { state: 'ready', n: 7 },
  { state: 'draining', n: 1234 },
];
const columns: readonly Column<(typeof rows)[number]>[] = [
  { title: 'n', text: ({ n }) => String(n) },
  {
    title: 'state',
    align: 'left',
    text: ({ state }) => state,
    tone: ({ state }) => (state === 'ready' ? 'good' : undefined),
  },
];

it('puts figures to the right and texts to the left', () => {
  expect(renderTable(columns, rows, plain)).toBe(
    ['     n  state', '     7  ready', '  1234  draining', ''].join('\n'),
  );
});

it('counts no width for colours', () => {
  const [, first = ''] = renderTable([...columns].reverse(), rows, coloured).split('\n');
  expect(first).toBe('  \u001B[32mready\u001B[0m        7');
});

it('has a table without rows', () => {
  expect(renderTable(columns, [], plain)).toBe('  n  state\n');
});

it('puts facts below each other', () => {
  const facts = [
    ['workers', '2'],
    ['', 'more'],
  ] as const;
  expect(renderFacts(facts, plain)).toBe('workers  2\n         more\n');
});

it.each([
  [true, {}, coloured],
  [true, { NO_COLOR: '' }, coloured],
  [true, { NO_COLOR: '1' }, plain],
  [true, { TERM: 'dumb' }, plain],
  [false, {}, plain],
])('on a terminal (%s) with %j chooses colours or not', (isTerminal, env, paint) => {
  expect(choosePaint(isTerminal, env)).toBe(paint);
});
