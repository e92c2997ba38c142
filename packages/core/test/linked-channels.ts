// Test process: both ends of a channel between two primaries, which copies what it carries.
import { EventEmitter } from 'node:events';
import v8 from 'node:v8';
import type { LinkChannel } from '../src/primary/upgrade-link.js';

export interface LinkedChannels {
  readonly ends: readonly [LinkChannel, LinkChannel];
  /** What was sent, from either side, by the types of our messages. */
  readonly sent: readonly string[];
  /** Either process has gone. */
  disconnect(): void;
}

export function linkChannels(): LinkedChannels {
  const sent: string[] = [];
  const emitters = [new EventEmitter(), new EventEmitter()] as const;
  let connected = true;
  const createEnd = (own: EventEmitter, other: EventEmitter): LinkChannel => ({
    get connected() {
      return connected;
    },
    send(message, _handle, _options, onSent) {
      const { type } = (message as { readonly message: { readonly type: string } }).message;
      sent.push(type);
      const bytes = v8.serialize(message);
      setImmediate(() => {
        if (connected) other.emit('message', v8.deserialize(bytes));
        onSent();
      });
      return true;
    },
    on: (event, listener) => own.on(event, listener),
    once: (event, listener) => own.once(event, listener),
  });
  return {
    ends: [createEnd(emitters[0], emitters[1]), createEnd(emitters[1], emitters[0])],
    sent,
    disconnect() {
      connected = false;
      for (const emitter of emitters) emitter.emit('disconnect');
    },
  };
}
