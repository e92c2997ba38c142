import { expect, it } from 'vitest';
import { valueAt } from './value-at.js';

const config = { log: { level: 'info', file: null }, servers: [{ host: 'a' }, { host: 'b' }] };

it.each([
  ['log.level', 'info'],
  ['log.file', null],
  ['log', config.log],
  ['servers.1.host', 'b'],
])('finds %s', (path, value) => {
  expect(valueAt(config, path)).toBe(value);
});

it.each([
  ['log.colour', "there is no 'log.colour' in the configuration; 'log' has: level, file"],
  ['db.url', 'the configuration has: log, servers'],
  ['log.level.name', "'log.level' has nothing in it"],
  ['servers.2', "'servers' has: 0, 1"],
  ['toString', 'the configuration has: log, servers'],
  ['', 'the configuration has: log, servers'],
])('says what there is instead of %s', (path, message) => {
  expect(() => valueAt(config, path)).toThrow(message);
});
