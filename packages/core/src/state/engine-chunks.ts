// Any process: all that an engine has, in parts that are small enough to be worked on between other things.
import type { EngineRecords, EntryRecord, MemoryEngine } from './memory-engine.js';
import type { LeaseRecord } from './memory-leases.js';

/** What one part may have. */
const MAX_CHUNK_RECORDS = 1_000;
const MAX_CHUNK_BYTES = 256 * 1024;

/** Goes through all entries; they may change meanwhile, and come as they are at their turn. */
export function* entryChunks(
  engine: Pick<MemoryEngine, 'entries'>,
  nowMs: () => number,
): IterableIterator<readonly EntryRecord[]> {
  let chunk: EntryRecord[] = [];
  let bytes = 0;
  for (const record of engine.entries(nowMs)) {
    const [key, data] = record;
    chunk.push(record);
    bytes += key.length + (typeof data === 'number' ? 8 : data.length);
    if (chunk.length < MAX_CHUNK_RECORDS && bytes < MAX_CHUNK_BYTES) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** Entries and leases, for another engine. */
export function* engineChunks(
  engine: MemoryEngine,
  nowMs: () => number,
): IterableIterator<EngineRecords> {
  const { lastVersion } = engine;
  for (const entries of entryChunks(engine, nowMs)) yield { lastVersion, entries, leases: [] };
  for (const leases of leaseChunks(engine.leases(nowMs()))) {
    yield { lastVersion, entries: [], leases };
  }
}

/** At least one, which brings the last version of an engine that has nothing else. */
function* leaseChunks(all: readonly LeaseRecord[]): IterableIterator<readonly LeaseRecord[]> {
  let start = 0;
  do {
    yield all.slice(start, start + MAX_CHUNK_RECORDS);
    start += MAX_CHUNK_RECORDS;
  } while (start < all.length);
}
