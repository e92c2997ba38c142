// Primary or single process: sees a configuration file change, however it is replaced.
import fs from 'node:fs';
import path from 'node:path';
import { toErrorInfo } from '../error-info.js';
import type { Logger } from '../logger.js';

/** Whoever writes a file in pieces is done after so long without an event. */
const SETTLE_MS = 50;
/** Whoever never stops writing is read all the same. */
const MAX_SETTLE_MS = 1_000;
/** For what no event tells: network file systems, and links whose targets lie elsewhere. */
const POLL_MS = 2_000;
/** Whoever empties a file to write it anew has written something after so long. */
const MIN_EMPTY_MS = 1_000;

export interface FileWatcher {
  /** Idempotent. */
  close(): void;
}

/**
 * Calls back, one call after another, with the text of the file whenever it has changed. A file that is
 * replaced by a rename is seen, and so is one behind links that are, as Kubernetes does with ConfigMaps:
 * the directories on the way are watched, not the file.
 */
export function watchConfigFile(
  file: string,
  knownText: string,
  onChange: (text: string) => Promise<void>,
  logger: Logger,
): FileWatcher {
  const watchers = new Map<string, fs.FSWatcher>();
  let known: string | undefined = knownText;
  let knownId = readText(file)?.id;
  /** It was not replaced, and its text is gone. */
  let emptySinceMs: number | undefined;
  /** Of files and directories on the way; others in the same directories are no concern of ours. */
  let names: ReadonlySet<string> = new Set();
  let settling: NodeJS.Timeout | undefined;
  let settledByMs: number | undefined;
  let reading: Promise<void> = Promise.resolve();
  let isClosed = false;

  /** The poll looks again. */
  const isEmptyTooShortly = (): boolean => {
    const nowMs = performance.now();
    emptySinceMs ??= nowMs;
    return nowMs - emptySinceMs < MIN_EMPTY_MS;
  };
  const look = async (): Promise<void> => {
    if (isClosed) return;
    watchDirectories();
    const found = readText(file);
    // One that was gone may have been made just now, to be written.
    const isReplaced = knownId !== undefined && found?.id !== knownId;
    knownId = found?.id;
    const text = found?.text;
    if (text === known) {
      emptySinceMs = undefined;
      return;
    }
    if (text?.trim() === '' && !isReplaced && isEmptyTooShortly()) return;
    emptySinceMs = undefined;
    known = text;
    if (text === undefined) {
      logger.warn(`${file} is gone; the configuration stays as it is`);
    } else {
      await onChange(text);
    }
  };
  const lookLater = (): void => {
    const nowMs = performance.now();
    settledByMs ??= nowMs + MAX_SETTLE_MS;
    clearTimeout(settling);
    settling = setTimeout(
      () => {
        settledByMs = undefined;
        reading = reading.then(look);
      },
      Math.min(SETTLE_MS, settledByMs - nowMs),
    );
    settling.unref();
  };
  /** @param name null where the platform does not say */
  const onEvent = (_type: string, name: string | null): void => {
    if (name === null || names.has(name)) lookLater();
  };

  /** Of the file, of what it is a link to, and of the links between. */
  const watchDirectories = (): void => {
    const paths = linksTo(file);
    names = new Set(paths.flatMap((each) => each.split(path.sep)));
    const wanted = new Set(paths.map((each) => path.dirname(each)));
    for (const [directory, watcher] of watchers) {
      if (wanted.has(directory)) continue;
      watcher.close();
      watchers.delete(directory);
    }
    for (const directory of wanted) {
      if (watchers.has(directory)) continue;
      try {
        const watcher = fs.watch(directory, { persistent: false }, onEvent);
        watcher.on('error', () => watchers.delete(directory));
        watchers.set(directory, watcher);
      } catch (error) {
        // Too many watches on this machine, say. There is the poll.
        logger.debug({ err: error }, `cannot watch ${directory}: ${toErrorInfo(error).message}`);
      }
    }
  };

  watchDirectories();
  // It may have changed before anybody watched.
  lookLater();
  const poll = setInterval(lookLater, POLL_MS);
  poll.unref();
  return {
    close() {
      isClosed = true;
      clearInterval(poll);
      clearTimeout(settling);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** The path, and every path that it leads to through links. */
function linksTo(file: string): string[] {
  const found = [file];
  try {
    found.push(fs.realpathSync(file));
    const target = fs.readlinkSync(file);
    found.push(path.resolve(path.dirname(file), target));
  } catch {
    // No link, or nothing there at the moment.
  }
  return found;
}

interface Found {
  readonly text: string;
  /** Another file at the same path has another. */
  readonly id: string;
}

function readText(file: string): Found | undefined {
  let opened: number | undefined;
  try {
    opened = fs.openSync(file, 'r');
    const { dev, ino } = fs.fstatSync(opened);
    return { text: fs.readFileSync(opened, 'utf8'), id: `${dev}:${ino}` };
  } catch {
    return undefined;
  } finally {
    if (opened !== undefined) fs.closeSync(opened);
  }
}
