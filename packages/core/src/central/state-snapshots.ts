// Primary or single process: writes the embedded state to a file from time to time and at the end, and reads it at
// the start. Loaded only where there is such a file.
import { constants } from 'node:fs';
import { access, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import type { StateSnapshotStatus } from '../cluster.js';
import { toErrorInfo } from '../error-info.js';
import { invalidOptions } from '../errors.js';
import type { Logger } from '../logger.js';
import type { MemoryEngine } from '../state/memory-engine.js';
import { DamagedSnapshotError, readSnapshot, writeSnapshot } from './snapshot-file.js';

export interface StateSnapshots {
  /** Reads what an earlier process has left, and begins to write. */
  begin(): Promise<void>;
  /** Begins to write. */
  resume(): void;
  /** Writes no more; resolves when nothing is under way. */
  pause(): Promise<void>;
  status(): StateSnapshotStatus;
  /** Writes once more, unless nothing has changed, or it is paused. Idempotent. */
  close(): Promise<void>;
}

export interface StateSnapshotParts {
  readonly file: string;
  /** How long to wait from the end of one to the next, in ms. */
  readonly intervalMs: number;
  readonly engine: MemoryEngine;
  readonly logger: Logger;
}

type Phase =
  | { readonly name: 'paused' }
  | { readonly name: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly name: 'writing'; readonly stop: AbortController; readonly ended: Promise<void> };

const clocks = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

/** @throws {CorralError} `INVALID_OPTIONS` when the file cannot be there */
export async function openSnapshots(parts: StateSnapshotParts): Promise<StateSnapshots> {
  const { engine, intervalMs, logger } = parts;
  const file = path.resolve(parts.file);
  await requirePlace(parts.file, file);
  let phase: Phase = { name: 'paused' };
  let writtenChanges = engine.changes;
  let status: StateSnapshotStatus = { file };

  const wait = (): void => {
    const timer = setTimeout(() => {
      const stop = new AbortController();
      // What it says is in the status.
      phase = { name: 'writing', stop, ended: write(stop.signal).finally(writtenOnce) };
    }, intervalMs).unref();
    phase = { name: 'waiting', timer };
  };
  const writtenOnce = (): void => {
    if (phase.name === 'writing') wait();
  };

  const write = async (stopping: AbortSignal): Promise<void> => {
    const { changes } = engine;
    if (changes === writtenChanges) return;
    const startMs = performance.now();
    try {
      const entries = await writeSnapshot(file, engine, clocks, stopping);
      writtenChanges = changes;
      if (status.problem !== undefined) logger.info({ file }, 'the state can be written again');
      const durationMs = Math.round(performance.now() - startMs);
      status = { file, writtenAt: new Date().toISOString(), entries, durationMs };
    } catch (error) {
      if (stopping.aborted) return;
      const { message } = toErrorInfo(error);
      if (status.problem === undefined) {
        logger.error({ err: error, file }, `the state cannot be written to ${file}: ${message}`);
      }
      status = { ...status, problem: message };
    }
  };

  const read = async (): Promise<void> => {
    let refused = 0;
    try {
      for await (const records of readSnapshot(file, clocks.wallMs)) {
        refused += engine.restore(records, clocks.monotonicMs());
      }
    } catch (error) {
      if (isMissing(error)) return;
      if (!(error instanceof DamagedSnapshotError)) throw unreadable(parts.file, error);
      const aside = `${file}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
      await rename(file, aside);
      logger.warn(
        { file, aside },
        `${file} is no state to begin with, as ${error.message}; it is ${aside} now`,
      );
    }
    if (refused > 0) {
      logger.error(
        { file, refused },
        `${refused} entries of ${file} are lost: the limits are lower than they were`,
      );
    }
    writtenChanges = engine.changes;
  };

  const pause = async (): Promise<void> => {
    const before = phase;
    phase = { name: 'paused' };
    if (before.name === 'waiting') clearTimeout(before.timer);
    if (before.name !== 'writing') return;
    before.stop.abort();
    await before.ended;
  };
  const resume = (): void => {
    if (phase.name === 'paused') wait();
  };

  return {
    async begin() {
      await read();
      resume();
    },
    resume,
    pause,
    status: () => status,
    async close() {
      if (phase.name === 'paused') return;
      await pause();
      await write(new AbortController().signal);
    },
  };
}

async function requirePlace(given: string, file: string): Promise<void> {
  try {
    await access(path.dirname(file), constants.W_OK | constants.X_OK);
    const found = await stat(file).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    if (found?.isFile() === false) throw new Error('it is no file');
  } catch (error) {
    throw unreadable(given, error);
  }
}

function unreadable(given: string, error: unknown): Error {
  const expected = `a file to read and write, in a directory that exists (${toErrorInfo(error).message})`;
  return invalidOptions([{ path: 'state.snapshotFile', value: given, expected }]);
}

function isMissing(error: unknown): boolean {
  return toErrorInfo(error).code === 'ENOENT';
}
