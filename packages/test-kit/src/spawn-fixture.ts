// Test process: runs a program as a real process, hears what it says, and leaves nothing behind.
import { fork } from 'node:child_process';
import type { Serializable } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isFixtureEvent } from './fixture-event.js';
import type { FixtureEvent } from './fixture-event.js';
import { descendantsOf, isAlive, waitUntilGone } from './processes.js';

export interface FixtureOptions {
  readonly args?: readonly string[];
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly execArgv?: readonly string[];
  readonly cwd?: string;
  /** The Node.js to run it with. Default: `CORRAL_TEST_NODE`, else the one that runs the test. */
  readonly node?: string;
  /**
   * `own` (default): a process group of its own, which {@link Fixture.killGroup} reaches and nothing
   * else does; `shared`: the test's.
   */
  readonly processGroup?: 'own' | 'shared';
  /** Every wait fails after this many ms. Default 30,000. */
  readonly deadlineMs?: number;
}

export interface FixtureExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program. Waits fail with its output when it ends, or a deadline passes, first. */
export interface Fixture {
  readonly pid: number;
  /** What it and its children have written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in the order of arrival. */
  readonly output: string;
  /** Everything it has sent over IPC so far. */
  readonly messages: readonly unknown[];
  /** The events among the messages so far. */
  readonly events: readonly FixtureEvent[];
  /**
   * The first event of that name that satisfies `matches` and that no earlier call has returned.
   * Events that came before the call count.
   */
  nextEvent(name: string, matches?: (event: FixtureEvent) => boolean): Promise<FixtureEvent>;
  /** The first message, of whatever kind, that satisfies `matches` and that no earlier call has returned. */
  nextMessage(matches: (message: unknown) => boolean): Promise<unknown>;
  /** Resolves as soon as the output so far matches; give it no `g` flag. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves when it has ended and nobody holds its output any more, so that all output is there. */
  waitForExit(): Promise<FixtureExit>;
  send(message: Serializable): void;
  kill(signal: NodeJS.Signals): void;
  /** Signals it and all its children, as Ctrl-C in a terminal does; needs `processGroup: 'own'`. */
  killGroup(signal: NodeJS.Signals): void;
  /** The pids of it and of its descendants at this moment. */
  family(): number[];
  /** Kills whatever is left of it and its descendants. Idempotent; call it after every test. */
  close(): Promise<void>;
}

interface Waiter {
  /** True when it is done. */
  readonly check: () => boolean;
  readonly fail: (why: string) => void;
}

const running = new Set<{ killAll(): void }>();
// A test runner that gives up must not leave clusters behind.
process.once('exit', () => {
  for (const each of running) each.killAll();
});

/** Starts `file` (a path or file URL), with pipes for its output and an IPC channel. */
export function spawnFixture(file: string | URL, options: FixtureOptions = {}): Fixture {
  const { processGroup = 'own', deadlineMs = 30_000 } = options;
  const path = file instanceof URL ? fileURLToPath(file) : file;
  const child = fork(path, [...(options.args ?? [])], {
    execPath: options.node ?? process.env['CORRAL_TEST_NODE'] ?? process.execPath,
    execArgv: [...(options.execArgv ?? [])],
    env: fixtureEnv(options.env),
    detached: processGroup === 'own',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`could not start ${path}`);

  let stdout = '';
  let stderr = '';
  let output = '';
  let exit: FixtureExit | undefined;
  const messages: unknown[] = [];
  const taken = new Set<number>();
  const waiters = new Set<Waiter>();

  const checkWaiters = (): void => {
    for (const waiter of waiters) if (waiter.check()) waiters.delete(waiter);
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
    checkWaiters();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    output += text;
    checkWaiters();
  });
  child.on('message', (message) => {
    messages.push(message);
    checkWaiters();
  });
  const closed = Promise.all([
    once(child, 'close'),
    child.connected ? once(child, 'disconnect') : undefined,
  ]);
  const ended = closed.then(() => {
    exit = { code: child.exitCode, signal: child.signalCode };
    checkWaiters();
    for (const waiter of waiters) waiter.fail(`it ended first, with ${describeExit(exit)}`);
    waiters.clear();
    return exit;
  });

  /** Resolves with the first value of `probe`, which is asked again whenever something has happened. */
  const until = async <T>(what: string, probe: () => T | undefined): Promise<T> =>
    await new Promise<T>((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(deadline);
        reject(new Error(`${path}: waited for ${what}, but ${why}. ${transcript()}`));
      };
      const waiter: Waiter = {
        fail,
        check() {
          const value = probe();
          if (value === undefined) return false;
          clearTimeout(deadline);
          resolve(value);
          return true;
        },
      };
      const deadline = setTimeout(() => {
        waiters.delete(waiter);
        fail(`it did not come within ${deadlineMs} ms`);
      }, deadlineMs);
      if (waiter.check()) return;
      if (exit === undefined) waiters.add(waiter);
      else fail(`it has ended with ${describeExit(exit)}`);
    });

  const transcript = (): string =>
    `Messages: ${JSON.stringify(messages)}\nOutput:\n${output === '' ? '(none)' : output}`;

  const takeMessage = <T>(pick: (message: unknown) => T | undefined): T | undefined => {
    for (const [index, message] of messages.entries()) {
      if (taken.has(index)) continue;
      const picked = pick(message);
      if (picked === undefined) continue;
      taken.add(index);
      return picked;
    }
    return undefined;
  };

  const family = (): number[] => [pid, ...descendantsOf(pid)].filter(isAlive);

  const signalGroup = (signal: NodeJS.Signals): void => {
    if (processGroup !== 'own') throw new Error(`${path} shares the process group of the test`);
    process.kill(-pid, signal);
  };

  const entry = {
    /** Returns whom it has killed. */
    killAll(): number[] {
      const pids = family();
      for (const each of pids) killQuietly(each);
      // Also those that have lost their parent.
      if (processGroup === 'own') killQuietly(-pid);
      return pids;
    },
  };
  running.add(entry);

  return {
    pid,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    get output() {
      return output;
    },
    messages,
    get events() {
      return messages.filter(isFixtureEvent);
    },
    async nextEvent(name, matches = () => true) {
      return await until(`the event '${name}'`, () =>
        takeMessage((message) =>
          isFixtureEvent(message) && message.event === name && matches(message)
            ? message
            : undefined,
        ),
      );
    },
    async nextMessage(matches) {
      const { message } = await until('a message', () =>
        takeMessage((message) => (matches(message) ? { message } : undefined)),
      );
      return message;
    },
    async waitForOutput(pattern) {
      return await until(`output like ${String(pattern)}`, () => pattern.exec(output) ?? undefined);
    },
    async waitForExit() {
      return await until('its end', () => exit);
    },
    send: (message) => void child.send(message, () => undefined),
    kill: (signal) => void child.kill(signal),
    killGroup: signalGroup,
    family,
    async close() {
      const pids = entry.killAll();
      await waitUntilGone(pids);
      // Not `ended`: a process that has left the group might hold the pipes.
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      child.stdout?.destroy();
      child.stderr?.destroy();
      // Its channel ends with it. Disconnected from here before that, it would never say 'close'.
      await ended;
      running.delete(entry);
    },
  };
}

function fixtureEnv(added: FixtureOptions['env'] = {}): NodeJS.ProcessEnv {
  // What the test runner sets for its own processes is not the program's business.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|FORCE_COLOR$|NODE_CHANNEL)/.test(name),
  );
  const all = [...own, ...Object.entries(added)];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function describeExit({ code, signal }: FixtureExit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
