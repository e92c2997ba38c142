// Primary: moves the embedded state from one primary to the next in an upgrade. Until the predecessor says
// that it is the successor's, it has all of it, and no call has been executed anywhere else: whoever fails
// meanwhile loses nothing.
import type { Logger } from '../logger.js';
import { engineChunks } from '../state/engine-chunks.js';
import type { EmbeddedState } from './primary-state.js';
import { joinStatePeer } from './state-peer.js';
import type { UpgradeLink } from './upgrade-link.js';

/** So many parts may be on their way: both processes work, and neither has much of it twice. */
const WINDOW_CHUNKS = 16;

const nowMs = (): number => performance.now();

/** The predecessor's side. */
export interface StateGiver {
  /** Holds all calls, and brings what there is to the successor; `onProgress` is called whenever it moves on. */
  give(onProgress: () => void): Promise<void>;
  /** The successor has it from now on: what waits, and all that follows, is passed on. */
  given(): void;
  /** The successor has failed. */
  keep(): void;
}

export function createStateGiver(embedded: EmbeddedState, link: UpgradeLink): StateGiver {
  const { memory, host, snapshots } = embedded;
  const successor = joinStatePeer(embedded, link);
  const arrivals: Array<() => void> = [];
  let isGiving = false;
  link.on('arrived', () => arrivals.shift()?.());

  return {
    async give(onProgress) {
      isGiving = true;
      // The successor is to be the only one that writes.
      await snapshots?.pause();
      const held = link.next('held');
      link.send({ type: 'hold' });
      await held;
      onProgress();
      host.hold();
      const onTheirWay: Array<Promise<void>> = [];
      for (const records of engineChunks(memory.engine, nowMs)) {
        onTheirWay.push(new Promise((resolve) => arrivals.push(resolve)));
        link.send({ type: 'chunk', records });
        if (onTheirWay.length < WINDOW_CHUNKS) continue;
        await onTheirWay.shift();
        onProgress();
      }
      for (const arrival of onTheirWay) {
        await arrival;
        onProgress();
      }
    },
    given: () => host.resumeElsewhere(successor),
    keep() {
      // An earlier successor may have it.
      if (!isGiving) return;
      host.resumeHere();
      snapshots?.resume();
    },
  };
}

/**
 * The successor's side: its calls go to the predecessor from now on.
 *
 * @returns a function that makes the state its own; called when the predecessor has gone, too
 */
export function followState(
  embedded: EmbeddedState,
  link: UpgradeLink,
  logger: Logger,
): () => void {
  const { memory, host, snapshots } = embedded;
  const predecessor = joinStatePeer(embedded, link);
  host.resumeElsewhere(predecessor);
  let refused = 0;
  let isOwn = false;

  link.on('hold', () => {
    host.hold();
    void predecessor.idle().then(() => link.send({ type: 'held' }));
  });
  link.on('chunk', ({ records }) => {
    refused += memory.engine.restore(records, nowMs());
    link.send({ type: 'arrived' });
  });
  const own = (): void => {
    // Once: it may have gone to a successor of this process since.
    if (isOwn) return;
    isOwn = true;
    if (refused > 0) {
      logger.error(
        { refused },
        `${refused} entries of the predecessor are lost: this program's limits are lower`,
      );
    }
    host.resumeHere();
    snapshots?.resume();
  };
  void link.closed.then(async () => {
    if (isOwn) return;
    logger.error('the predecessor has gone before it could hand its state over');
    // Calls wait: what has arrived may be a part, of which neither an answer nor the next file is to be made.
    host.hold();
    // What has arrived is newer than what was written, and stays.
    await snapshots?.begin().catch((error: unknown) => {
      logger.error({ err: error }, 'the state that was written last cannot be read');
    });
    own();
  });
  return own;
}
