// Both sides: posts messages that can be lost no faster than the other side reads, so that one that does
// not read cannot fill this process's memory. Node's channel itself takes whatever it is given.
import { createBacklog } from './backlog.js';
import type { BacklogEntry } from './backlog.js';
import type { ToPrimary, ToWorker } from './messages.js';

/** What may be on its way into the channel, besides the kernel's own buffer. */
const WINDOW_BYTES = 256 * 1024;
/** What may wait behind it. */
const BACKLOG_BYTES = 4 * 1024 * 1024;
/** About what a message costs besides its data. */
const MESSAGE_BYTES = 256;

export interface BacklogFigures {
  /** Messages that wait for the other side to read. */
  readonly waiting: number;
  /** Messages that were dropped because it did not. */
  readonly dropped: number;
}

export interface Outbox<M> {
  /** Posts the message, now or later, or never: then `onDropped` is called. False: the channel is closed. */
  offer(message: M, onDropped?: () => void): boolean;
  readonly figures: BacklogFigures;
}

export interface OutboxObserver {
  /** The other side does not read: the first message was dropped. */
  onNotReading(): void;
  /** It has read everything that waited; so many were dropped meanwhile. */
  onReadingAgain(dropped: number): void;
}

interface Entry<M> extends BacklogEntry {
  readonly message: M;
  readonly onDropped: (() => void) | undefined;
}

/**
 * @param post gives a message to the channel, which calls back later, when it has left this process; false: the
 *   channel is closed, and does not call back
 */
export function createOutbox<M extends ToPrimary | ToWorker>(
  post: (message: M, done: () => void) => boolean,
  observer: OutboxObserver,
): Outbox<M> {
  const backlog = createBacklog<Entry<M>>(BACKLOG_BYTES);
  let inFlightBytes = 0;
  let dropped = 0;
  let droppedBefore: number | undefined;

  const hasRoom = (): boolean => inFlightBytes < WINDOW_BYTES;

  const postEntry = ({ message, bytes }: Entry<M>): boolean => {
    inFlightBytes += bytes;
    const isPosted = post(message, () => {
      inFlightBytes -= bytes;
      flush();
    });
    if (!isPosted) inFlightBytes -= bytes;
    return isPosted;
  };

  const flush = (): void => {
    while (hasRoom()) {
      const entry = backlog.shift();
      if (entry === undefined) break;
      postEntry(entry);
    }
    if (backlog.length > 0 || droppedBefore === undefined) return;
    observer.onReadingAgain(dropped - droppedBefore);
    droppedBefore = undefined;
  };

  const drop = (entries: ReadonlyArray<Entry<M>>): void => {
    if (entries.length === 0) return;
    if (droppedBefore === undefined) {
      droppedBefore = dropped;
      observer.onNotReading();
    }
    dropped += entries.length;
    for (const { onDropped } of entries) onDropped?.();
  };

  return {
    offer(message, onDropped) {
      const entry = { message, bytes: bytesOf(message), onDropped };
      if (backlog.length === 0 && hasRoom()) return postEntry(entry);
      drop(backlog.push(entry));
      return true;
    },
    get figures() {
      return { waiting: backlog.length, dropped };
    },
  };
}

function bytesOf(message: ToPrimary | ToWorker): number {
  return MESSAGE_BYTES + dataBytesOf(message);
}

function dataBytesOf(message: ToPrimary | ToWorker): number {
  if ('data' in message) return typeof message.data === 'number' ? 8 : message.data.length;
  if (message.type !== 'answer' || !message.outcome.ok) return 0;
  const { value } = message.outcome;
  return value instanceof Uint8Array ? value.length : 0;
}
