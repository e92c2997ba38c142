// Test threads cannot change their directory, so these tests say what process.cwd() and process.argv are.
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ownProgram } from './launch-program.js';

let base: string;
let cwd: string;

const nothing = { envFiles: [], threadPoolSize: undefined };

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'corral-program-')));
  for (const release of ['1', '2']) mkdirSync(join(base, 'releases', release), { recursive: true });
  symlinkSync(join(base, 'releases', '1'), join(base, 'current'));
  cwd = join(base, 'releases', '1');
  vi.spyOn(process, 'cwd').mockImplementation(() => cwd);
  vi.spyOn(process, 'argv', 'get').mockReturnValue([
    process.execPath,
    join(cwd, 'dist', 'server.js'),
    '--port',
    '80',
  ]);
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(base, { recursive: true });
});

/** What a deploy does. */
function deploy(release: string): void {
  symlinkSync(join(base, 'releases', release), join(base, 'next'));
  renameSync(join(base, 'next'), join(base, 'current'));
}

describe('the program of the workers', () => {
  it('is the one that runs, with its arguments', () => {
    expect(ownProgram(nothing, {})()).toEqual({
      exec: join(cwd, 'dist', 'server.js'),
      args: ['--port', '80'],
      execArgv: process.execArgv,
      cwd,
      env: {},
    });
  });

  it('is that of the release that the link names by now', () => {
    const program = ownProgram(nothing, { PWD: join(base, 'current') });
    expect(program()).toMatchObject({ cwd, exec: join(cwd, 'dist', 'server.js') });
    deploy('2');
    const second = join(base, 'releases', '2');
    expect(program()).toMatchObject({ cwd: second, exec: join(second, 'dist', 'server.js') });
  });

  it('stays where it is when the link has gone', () => {
    const program = ownProgram(nothing, { PWD: join(base, 'current') });
    rmSync(join(base, 'current'));
    expect(program()).toMatchObject({ cwd, exec: join(cwd, 'dist', 'server.js') });
  });

  it.each([
    ['is not set', () => undefined],
    ['names the same directory', () => cwd],
    ['names another directory', () => base],
    ['names none', () => join(base, 'missing')],
    ['is relative', () => 'current'],
  ])('does not follow PWD when it %s', (_, pwd) => {
    const PWD = pwd();
    const program = ownProgram(nothing, PWD === undefined ? {} : { PWD });
    deploy('2');
    expect(program()).toMatchObject({ cwd, exec: join(cwd, 'dist', 'server.js') });
  });

  it('stays itself when it lies outside of the linked directory', () => {
    vi.spyOn(process, 'argv', 'get').mockReturnValue([process.execPath, '/usr/bin/tool.js']);
    const program = ownProgram(nothing, { PWD: join(base, 'current') });
    // Deeper than before, so that a path relative to it leads elsewhere.
    const deeper = join('2', 'app', 'server');
    mkdirSync(join(base, 'releases', deeper), { recursive: true });
    deploy(deeper);
    expect(program()).toMatchObject({
      exec: '/usr/bin/tool.js',
      cwd: join(base, 'releases', deeper),
    });
  });

  it('gets the size of its thread pool', () => {
    const { env } = ownProgram({ envFiles: [], threadPoolSize: 8 }, {})();
    expect(env).toEqual({ UV_THREADPOOL_SIZE: '8' });
  });

  it('gets what its environment files say now, in the directory of now', () => {
    const first = { envFiles: ['.env'], threadPoolSize: undefined };
    const program = ownProgram(first, { PWD: join(base, 'current'), TAKEN: 'yes' });
    writeFileSync(join(base, 'releases', '1', '.env'), 'A=1\nTAKEN=no\n');
    expect(program().env).toEqual({ A: '1' });
    writeFileSync(join(base, 'releases', '2', '.env'), 'A=2\n');
    deploy('2');
    expect(program().env).toEqual({ A: '2' });
  });

  it('cannot be told without its environment files', () => {
    const program = ownProgram({ envFiles: ['.env'], threadPoolSize: undefined }, {});
    expect(() => program()).toThrowError(
      expect.objectContaining({
        code: 'ENV_FILE_UNREADABLE',
        message: expect.stringContaining(join(cwd, '.env')) as unknown,
      }) as Error,
    );
  });

  it.for([[process.execPath], [process.execPath, '-']])('must be a file: %j', (argv) => {
    vi.spyOn(process, 'argv', 'get').mockReturnValue(argv);
    expect(() => ownProgram(nothing, {})).toThrowError(
      expect.objectContaining({ code: 'NO_ENTRY_SCRIPT' }) as Error,
    );
  });
});
