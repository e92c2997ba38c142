// Test process and fixtures: publishing and subscribing.
import assert from 'node:assert/strict';
import type { StateStore } from '@corral/core';
import { waitFor } from '../wait-for.js';
import type { StateStoreCase } from './case.js';

interface Inbox {
  readonly messages: unknown[];
  readonly channels: string[];
  /** Resolves when that many messages are there. */
  until(count: number): Promise<void>;
  end(): Promise<void>;
}

async function subscribe(store: StateStore, channel: string): Promise<Inbox> {
  const messages: unknown[] = [];
  const channels: string[] = [];
  const end = await store.subscribe(channel, (message, from) => {
    messages.push(message);
    channels.push(from);
  });
  return {
    messages,
    channels,
    async until(count) {
      await waitFor(() => messages.length >= count, {
        what: () => `${count} messages, got ${messages.length}`,
      });
    },
    end,
  };
}

export const messageCases: readonly StateStoreCase[] = [
  {
    title: 'brings messages to all subscribers, in order, with all that values may be',
    async run({ store, other }) {
      const mine = await subscribe(store, 'news');
      const again = await subscribe(store, 'news');
      const theirs = await subscribe(other, 'news');
      const messages = [
        'text',
        7,
        -0.5,
        null,
        { when: new Date(1), users: new Map([['a', Buffer.from('b')]]), none: undefined },
        9n,
      ];
      for (const message of messages) await store.publish('news', message);
      for (const inbox of [mine, again, theirs]) {
        await inbox.until(messages.length);
        assert.deepEqual(inbox.messages, messages);
        assert.deepEqual([...new Set(inbox.channels)], ['news']);
      }
      await Promise.all([mine.end(), again.end(), theirs.end()]);
    },
  },
  {
    title: 'brings only what is published on the channel, in the namespace, while subscribed',
    async run({ store, other }) {
      await other.publish('news', 'too early');
      const inbox = await subscribe(store, 'news');
      const ended = await subscribe(store, 'news');
      await ended.end();
      await ended.end();
      await other.publish('other news', 'elsewhere');
      await other.namespace('inner').publish('news', 'elsewhere');
      await other.publish('news', 'here');
      await inbox.until(1);
      // The channel keeps the order, so what should not come would have come by now.
      await other.publish('news', 'last');
      await inbox.until(2);
      assert.deepEqual(inbox.messages, ['here', 'last']);
      assert.deepEqual(ended.messages, []);
      await inbox.end();
    },
  },
  {
    title: 'gives every subscriber a copy',
    async run({ store }) {
      const [first, second] = [await subscribe(store, 'news'), await subscribe(store, 'news')];
      const message = { list: [1] };
      await store.publish('news', message);
      await Promise.all([first.until(1), second.until(1)]);
      (first.messages[0] as typeof message).list.push(2);
      assert.deepEqual(second.messages, [{ list: [1] }]);
      assert.deepEqual(message, { list: [1] });
      await Promise.all([first.end(), second.end()]);
    },
  },
  {
    title: 'refuses channels that are none',
    async run({ store }) {
      const refused = { code: 'INVALID_ARGUMENT' };
      await assert.rejects(async () => await store.publish('', 1), refused);
      await assert.rejects(async () => await store.subscribe('', () => undefined), refused);
    },
  },
];
