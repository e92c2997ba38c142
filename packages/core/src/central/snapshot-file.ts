// Primary or single process: the embedded state in a file: one line of JSON for each part, behind its checksum, a
// header before them and their number at the end, so that whatever is missing or damaged is noticed.
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { entryChunks } from '../state/engine-chunks.js';
import type { EngineRecords, EntryRecord, MemoryEngine } from '../state/memory-engine.js';
import type { StateData } from '../state/state-backend.js';

/** What every line of this format begins the file with; the number grows when older releases cannot read it. */
const HEADER = 'corral-state 1\n';
const CHECKSUM_LENGTH = 8;
const NEWLINE = 10;
const READ_BYTES = 256 * 1024;

/** An entry in a file: bytes as base64 in a list, and when it expires, in ms of the wall clock; 0: never. */
type FileRecord = readonly [
  key: string,
  data: string | number | readonly [string],
  version: number,
  expiresAtMs: number,
];

interface Footer {
  /** How many lines there are before it. */
  readonly parts: number;
  readonly lastVersion: number;
}

/** A file that is no snapshot, or not all of it as it was written. */
export class DamagedSnapshotError extends Error {}

export interface SnapshotClocks {
  /** Of the engine. */
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

/**
 * Writes what the engine has beside the file, and then in its place, between other things that this process
 * does. An entry is written as it is at its turn; one that is made meanwhile may be missing.
 *
 * @returns how many entries
 */
export async function writeSnapshot(
  file: string,
  engine: MemoryEngine,
  clocks: SnapshotClocks,
  stopping: AbortSignal,
): Promise<number> {
  const temporary = `${file}.tmp`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    let entries: number;
    try {
      entries = await writeTo(handle, engine, clocks, stopping);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncDirectory(path.dirname(file));
    return entries;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeTo(
  handle: FileHandle,
  engine: MemoryEngine,
  { monotonicMs, wallMs }: SnapshotClocks,
  stopping: AbortSignal,
): Promise<number> {
  let entries = 0;
  let parts = 0;
  await handle.writeFile(HEADER);
  for (const chunk of entryChunks(engine, monotonicMs)) {
    stopping.throwIfAborted();
    await handle.writeFile(toLine(chunk.map((record) => toFile(record, wallMs()))));
    entries += chunk.length;
    parts += 1;
  }
  stopping.throwIfAborted();
  await handle.writeFile(toLine({ parts, lastVersion: engine.lastVersion } satisfies Footer));
  return entries;
}

/** So that the new name outlives a power failure, too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * What is in the file, in parts, without what has expired meanwhile. All of it is checked before the first.
 *
 * @throws {DamagedSnapshotError}
 */
export async function* readSnapshot(
  file: string,
  wallMs: () => number,
): AsyncGenerator<EngineRecords, undefined> {
  const { lastVersion } = await checkSnapshot(file);
  yield { lastVersion, entries: [], leases: [] };
  for await (const line of readLines(file)) {
    const content = contentOf(line);
    if (isFooter(content)) return;
    const nowMs = wallMs();
    const entries = (JSON.parse(content.toString()) as FileRecord[])
      .filter(([, , , expiresAtMs]) => expiresAtMs === 0 || expiresAtMs > nowMs)
      .map((record) => fromFile(record, nowMs));
    yield { lastVersion, entries, leases: [] };
  }
}

async function checkSnapshot(file: string): Promise<Footer> {
  let parts = 0;
  let footer: Footer | undefined;
  for await (const line of readLines(file)) {
    if (footer !== undefined) throw new DamagedSnapshotError('there is more behind its end');
    const content = contentOf(line);
    if (isFooter(content)) footer = JSON.parse(content.toString()) as Footer;
    else parts += 1;
  }
  if (footer?.parts !== parts) throw new DamagedSnapshotError('its end is missing');
  return footer;
}

/** The lines behind the header. Not with node:readline, which also ends them at characters that JSON may have. */
async function* readLines(file: string): AsyncGenerator<Buffer, undefined> {
  const stream: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: READ_BYTES });
  const partial: Buffer[] = [];
  let hasHeader = false;
  for await (const chunk of stream) {
    let bytes = chunk;
    if (!hasHeader) {
      bytes = Buffer.concat([...partial.splice(0), chunk]);
      if (bytes.length < HEADER.length) {
        partial.push(bytes);
        continue;
      }
      if (bytes.toString('latin1', 0, HEADER.length) !== HEADER) break;
      hasHeader = true;
      bytes = bytes.subarray(HEADER.length);
    }
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...partial.splice(0), bytes.subarray(start, end)]);
      start = end + 1;
    }
    if (start < bytes.length) partial.push(bytes.subarray(start));
  }
  if (!hasHeader) throw new DamagedSnapshotError('it was not written by this version of Corral');
  if (partial.length > 0) throw new DamagedSnapshotError('its last line is not complete');
}

function toLine(content: unknown): string {
  const text = JSON.stringify(content);
  return `${crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0')} ${text}\n`;
}

/** @throws {DamagedSnapshotError} */
function contentOf(line: Buffer): Buffer {
  const content = line.subarray(CHECKSUM_LENGTH + 1);
  if (Number.parseInt(line.toString('latin1', 0, CHECKSUM_LENGTH), 16) === crc32(content)) {
    return content;
  }
  throw new DamagedSnapshotError('a checksum is wrong');
}

/** An object; parts are lists. */
function isFooter(content: Buffer): boolean {
  return content.toString('latin1', 0, 1) === '{';
}

function toFile([key, data, version, expiresInMs]: EntryRecord, nowMs: number): FileRecord {
  return [key, encodeData(data), version, expiresInMs < 0 ? 0 : nowMs + expiresInMs];
}

function fromFile([key, data, version, expiresAtMs]: FileRecord, nowMs: number): EntryRecord {
  return [key, decodeData(data), version, expiresAtMs === 0 ? -1 : expiresAtMs - nowMs];
}

function encodeData(data: StateData | number): FileRecord[1] {
  if (typeof data !== 'object') return data;
  return [Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')];
}

function decodeData(data: FileRecord[1]): StateData | number {
  if (typeof data !== 'object') return data;
  // Memory of its own: small buffers are windows on a pool.
  return new Uint8Array(Buffer.from(data[0], 'base64'));
}
