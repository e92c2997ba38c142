import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import { watchConfigFile } from './config-file-watcher.js';

interface Watched {
  /** In place. */
  write(text: string): void;
  /** Puts another file in its place. */
  replace(text: string): void;
  /** What the operating system tells of a file in the directory. */
  tell(name: string): void;
  /** Lets time pass, and what it brings about. */
  pass(ms: number): Promise<void>;
  readonly seen: string[];
}

function watch(): Watched {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-watcher-'));
  const file = path.join(folder, 'config.yaml');
  fs.writeFileSync(file, 'old');
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
  const watching = vi
    .spyOn(fs, 'watch')
    .mockReturnValue({ on: () => undefined, close: () => undefined } as unknown as fs.FSWatcher);
  const seen: string[] = [];
  const onChange = async (text: string): Promise<void> =>
    await Promise.resolve(void seen.push(text));
  const watcher = watchConfigFile(file, 'old', onChange, createLogRecorder().logger);
  onTestFinished(() => {
    watcher.close();
    vi.restoreAllMocks();
    vi.useRealTimers();
    fs.rmSync(folder, { recursive: true });
  });
  return {
    seen,
    write: (text) => fs.writeFileSync(file, text),
    replace(text) {
      fs.writeFileSync(`${file}.new`, text);
      fs.renameSync(`${file}.new`, file);
    },
    tell(name) {
      const [, , listener] = watching.mock.calls[0] as unknown as [
        unknown,
        unknown,
        (type: string, name: string) => void,
      ];
      listener('change', name);
    },
    pass: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
  };
}

it('reads a file that is written all the time, too', async () => {
  const { write, tell, pass, seen } = watch();
  write('new');
  for (let ms = 0; ms < 1_000; ms += 20) {
    tell('config.yaml');
    await pass(20);
  }
  expect(seen).toEqual(['new']);
});

it('waits until a file is written, whatever others in its directory do', async () => {
  const { write, tell, pass, seen } = watch();
  await pass(60);
  write('half');
  tell('app.log');
  await pass(60);
  expect(seen).toEqual([]);
  tell('config.yaml');
  await pass(40);
  write('whole');
  tell('config.yaml');
  tell('app.log');
  await pass(40);
  tell('app.log');
  await pass(10);
  expect(seen).toEqual(['whole']);
});

it('does not take a file as empty that is only about to be written', async () => {
  const { write, tell, pass, seen } = watch();
  await pass(60);
  write('');
  tell('config.yaml');
  await pass(300);
  tell('config.yaml');
  await pass(60);
  expect(seen).toEqual([]);
  write('whole');
  tell('config.yaml');
  await pass(60);
  expect(seen).toEqual(['whole']);
  // What was empty before counts for nothing.
  await pass(2_000);
  write(' \n');
  tell('config.yaml');
  await pass(60);
  expect(seen).toEqual(['whole']);
});

it('takes a file as empty that stays so, and at once when it is another one', async () => {
  const { write, replace, tell, pass, seen } = watch();
  await pass(60);
  write('');
  tell('config.yaml');
  await pass(4_000);
  expect(seen).toEqual(['']);
  write('full');
  tell('config.yaml');
  await pass(60);
  replace('\n');
  tell('config.yaml');
  await pass(60);
  expect(seen).toEqual(['', 'full', '\n']);
});
