import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ToWorker } from './messages.js';
import { createOutbox } from './outbox.js';
import type { Outbox } from './outbox.js';

interface Channel {
  readonly outbox: Outbox<ToWorker>;
  /** Numbers of the messages that have been posted, oldest first. */
  readonly posted: number[];
  readonly inFlight: number;
  readonly said: string[];
  offer(id: number, bytes?: number): boolean;
  /** The other side reads one message. */
  read(): void;
  /** The other side has gone. */
  close(): void;
}

function createChannel(): Channel {
  const posted: number[] = [];
  const said: string[] = [];
  const unread: Array<() => void> = [];
  let isClosed = false;
  const outbox = createOutbox<ToWorker>(
    (message, done) => {
      if (isClosed) return false;
      if (message.type === 'published') posted.push(message.from);
      unread.push(done);
      return true;
    },
    {
      onNotReading: () => void said.push('not reading'),
      onReadingAgain: (dropped) => void said.push(`reading again, ${dropped} dropped`),
    },
  );
  return {
    outbox,
    posted,
    said,
    get inFlight() {
      return unread.length;
    },
    offer(id, bytes = 1_000) {
      const data = new Uint8Array(bytes);
      return outbox.offer(
        { type: 'published', topic: 't', data, from: id },
        () => void said.push(`lost ${id}`),
      );
    },
    read: () => unread.shift()?.(),
    close() {
      isClosed = true;
    },
  };
}

const MIB = 1024 * 1024;

describe('an outbox', () => {
  it('gives up what waits for a side that has gone, however much that is', () => {
    const channel = createChannel();
    for (let id = 0; id < 20_000; id++) channel.offer(id, 1);
    channel.close();
    channel.read();
    expect(channel.outbox.figures.waiting).toBe(0);
    expect(channel.offer(20_000)).toBe(false);
    expect(channel.inFlight).toBe(channel.posted.length - 1);
  });

  it('posts at once to a side that reads', () => {
    const channel = createChannel();
    for (let id = 0; id < 1_000; id++) {
      channel.offer(id);
      channel.read();
    }
    expect(channel.posted).toHaveLength(1_000);
    expect(channel.outbox.figures).toEqual({ waiting: 0, dropped: 0 });
    expect(channel.said).toEqual([]);
  });

  it('lets a message of any size pass when nothing is before it', () => {
    const channel = createChannel();
    channel.offer(1, 50 * MIB);
    expect(channel.posted).toEqual([1]);
  });

  it('keeps what a side that does not read leaves, drops the oldest beyond 4 MiB, and says so once', () => {
    const channel = createChannel();
    for (let id = 0; id < 10; id++) channel.offer(id, MIB);
    // The first filled the window, three of the others fit into the backlog.
    expect(channel.posted).toEqual([0]);
    expect(channel.outbox.figures).toEqual({ waiting: 3, dropped: 6 });
    expect(channel.said).toEqual(['not reading', ...[1, 2, 3, 4, 5, 6].map((id) => `lost ${id}`)]);

    while (channel.inFlight > 0) channel.read();
    expect(channel.posted).toEqual([0, 7, 8, 9]);
    expect(channel.outbox.figures).toEqual({ waiting: 0, dropped: 6 });
    expect(channel.said.at(-1)).toBe('reading again, 6 dropped');
  });

  it('reports the next time anew, with its own count', () => {
    const channel = createChannel();
    for (let round = 0; round < 2; round++) {
      for (let id = 0; id < 6; id++) channel.offer(id, MIB);
      while (channel.inFlight > 0) channel.read();
    }
    expect(channel.said.filter((line) => line.startsWith('reading'))).toEqual([
      'reading again, 2 dropped',
      'reading again, 2 dropped',
    ]);
    expect(channel.outbox.figures.dropped).toBe(4);
  });

  it('counts what an answer carries', () => {
    const { outbox } = createChannel();
    const outcome = { ok: true, value: new Uint8Array(MIB) } as const;
    for (let seq = 0; seq < 10; seq++) outbox.offer({ type: 'answer', seq, outcome });
    expect(outbox.figures).toEqual({ waiting: 3, dropped: 6 });
  });

  it('says that the channel is closed', () => {
    const outbox = createOutbox<ToWorker>(() => false, {
      onNotReading: () => undefined,
      onReadingAgain: () => undefined,
    });
    expect(outbox.offer({ type: 'hurry' })).toBe(false);
  });

  it('keeps the order and its bound, whatever is offered and read', () => {
    const step = fc.oneof(fc.integer({ min: 1, max: 2 * MIB }), fc.constant('read' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const channel = createChannel();
        let offered = 0;
        for (const each of steps) {
          if (each === 'read') channel.read();
          else channel.offer(offered++, each);
          const { waiting, dropped } = channel.outbox.figures;
          expect(channel.posted.length + waiting + dropped).toBe(offered);
          expect(channel.posted).toEqual(channel.posted.toSorted((a, b) => a - b));
        }
        while (channel.inFlight > 0) channel.read();
        // Nothing waits for ever, and the newest always arrives.
        expect(channel.outbox.figures.waiting).toBe(0);
        if (offered > 0) expect(channel.posted.at(-1)).toBe(offered - 1);
      }),
      { numRuns: 100 },
    );
  });
});
