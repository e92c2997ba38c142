// What files of NAME=value lines add to an environment.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readEnvFiles } from './env-files.js';

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-env-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
});

function write(name: string, text: string): void {
  fs.writeFileSync(path.join(directory, name), text);
}

describe('environment files', () => {
  it('are read relative to the working directory, with comments, quotes and exports', () => {
    write('.env', '# a comment\nONE=1\nexport TWO="two words" # why\nTHREE=\'#3\'\n\nFOUR=');
    expect(readEnvFiles(['.env'], directory, {})).toEqual({
      ONE: '1',
      TWO: 'two words',
      THREE: '#3',
      FOUR: '',
    });
  });

  it('may be given by their full path', () => {
    write('one.env', 'ONE=1');
    expect(readEnvFiles([path.join(directory, 'one.env')], '/', {})).toEqual({ ONE: '1' });
  });

  it('win over earlier files; the environment wins over all', () => {
    write('a', 'ONE=a\nTWO=a\nTHREE=a\nFOUR=a');
    write('b', 'TWO=b\nTHREE=b');
    const env = { THREE: 'own', FOUR: '' };
    expect(readEnvFiles(['a', 'b'], directory, env)).toEqual({ ONE: 'a', TWO: 'b' });
  });

  it('are read anew each time', () => {
    write('.env', 'ONE=1');
    readEnvFiles(['.env'], directory, {});
    write('.env', 'ONE=2');
    expect(readEnvFiles(['.env'], directory, {})).toEqual({ ONE: '2' });
  });

  it('that do not exist are named', () => {
    expect(() => readEnvFiles(['missing.env'], directory, {})).toThrow(
      expect.objectContaining({
        code: 'ENV_FILE_UNREADABLE',
        message: expect.stringContaining(
          `options.envFiles: cannot read ${directory}/missing.env: ENOENT`,
        ) as string,
      }),
    );
  });

  it('need not be given', () => {
    expect(readEnvFiles([], directory, {})).toEqual({});
  });
});
