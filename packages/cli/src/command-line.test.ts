import { describe, expect, it } from 'vitest';
import { readCommandLine } from './command-line.js';
import type { CommandLine } from './command-line.js';
import { COMMANDS } from './commands.js';

function read(line: string): CommandLine {
  return readCommandLine(line === '' ? [] : line.split(' '), COMMANDS);
}

function named(name: string): unknown {
  return expect.objectContaining({ name });
}

describe('the command line', () => {
  it('names a command, what it is about, and options anywhere', () => {
    expect(read('status')).toEqual({
      kind: 'run',
      command: named('status'),
      operands: [],
      admin: undefined,
      timeoutMs: 15_000,
      options: { json: false, expectedVersion: undefined },
    });
    expect(
      read('--admin 9000 config set a=-1 --expect-version=7 b=2 --json --timeout-ms 50'),
    ).toEqual({
      kind: 'run',
      command: named('config set'),
      operands: ['a=-1', 'b=2'],
      admin: '9000',
      timeoutMs: 50,
      options: { json: true, expectedVersion: 7 },
    });
    expect(read('config patch -')).toMatchObject({ operands: ['-'] });
    expect(read('config get -- --odd')).toMatchObject({ operands: ['--odd'] });
  });

  it.each([
    ['--help', ''],
    ['help', ''],
    ['config --help', 'config'],
    ['config set -h', named('config set')],
    ['help status', named('status')],
    ['status --help --admin 9000', named('status')],
  ])('asks for help: %s', (line, topic) => {
    expect(read(line)).toEqual({ kind: 'help', topic });
  });

  it('asks for the version', () => {
    expect(read('--version')).toEqual({ kind: 'version' });
    expect(read('status -v')).toEqual({ kind: 'version' });
  });

  it.each([
    ['', '', 'which command?'],
    ['stauts', '', "unknown command 'stauts'"],
    ['stauts --help', '', "unknown command 'stauts'"],
    ['help config sett', 'config', "unknown command 'config sett'"],
    ['config', 'config', 'config: which command?'],
    ['config sett a=1', 'config', "unknown command 'config sett'"],
    ['config set', named('config set'), 'config set: <path>=<value>… is missing'],
    ['config get a b', named('config get'), "config get: 'b' is too much"],
    ['status now', named('status'), "status: 'now' is too much"],
    ['status --wat', named('status'), "unknown option '--wat'"],
    ['config set a=1 --admin', named('config set'), "option '--admin <value>' argument missing"],
    ['status --json=yes', named('status'), "option '--json' does not take an argument"],
    [
      'config get --expect-version 1',
      named('config get'),
      'config get has no option --expect-version',
    ],
    [
      'config set a=1 --expect-version x',
      named('config set'),
      "--expect-version: got 'x'; expected a whole number, 0…999999999999999",
    ],
    [
      'status --timeout-ms 0',
      named('status'),
      "--timeout-ms: got '0'; expected a whole number, 1…2147483647",
    ],
  ])('is wrong: corral %s', (line, topic, message) => {
    expect(read(line)).toEqual({ kind: 'wrong', topic, message });
  });
});
