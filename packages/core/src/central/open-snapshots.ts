// Primary or single process: the snapshots of the embedded state, where its settings ask for some.
import type { Logger } from '../logger.js';
import type { MemoryEngine } from '../state/memory-engine.js';
import type { ResolvedStateSettings } from '../state/state-settings.js';
import type { StateSnapshots } from './state-snapshots.js';

/** @throws {CorralError} `INVALID_OPTIONS` when the file cannot be there */
export async function openSnapshotsIfWanted(
  { snapshotFile, snapshotIntervalMs }: ResolvedStateSettings,
  engine: MemoryEngine,
  logger: Logger,
): Promise<StateSnapshots | undefined> {
  if (snapshotFile === undefined) return undefined;
  const { openSnapshots } = await import('./state-snapshots.js');
  return await openSnapshots({
    file: snapshotFile,
    intervalMs: snapshotIntervalMs,
    engine,
    logger,
  });
}
