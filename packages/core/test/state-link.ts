// Test process: a worker's embedded store and the primary's, joined by a channel that copies what it carries.
import v8 from 'node:v8';
import { createRemoteBackend } from '../src/state/remote-backend.js';
import type { StateAnswer, StateBatch } from '../src/state/call-batches.js';
import type { RemoteBackend } from '../src/state/remote-backend.js';
import type { HostedClient } from '../src/primary/hosted-client.js';
import type { StateHost } from '../src/primary/state-host.js';

export interface StateLink {
  /** The worker's side. */
  readonly backend: RemoteBackend;
  /** The primary's side. */
  readonly client: HostedClient;
  /** What has travelled. */
  readonly batches: readonly StateBatch[];
  readonly answers: readonly StateAnswer[];
  /** Keeps answers on their way, as a worker that does not read does. */
  pause(): void;
  resume(): void;
}

export function linkState(
  host: StateHost,
  options: { readonly timeoutMs?: number; readonly isPeer?: boolean } = {},
): StateLink {
  const { timeoutMs = 5_000, isPeer = false } = options;
  const batches: StateBatch[] = [];
  const answers: StateAnswer[] = [];
  let unread: Array<() => void> | undefined;
  const arrive = (deliver: () => void): void => {
    if (unread === undefined) setImmediate(deliver);
    else unread.push(deliver);
  };

  const client = (isPeer ? host.connectPeer : host.connect)({
    answer(answer, onSent) {
      answers.push(answer);
      const copied = copy(answer);
      arrive(() => {
        backend.onAnswer(copied);
        onSent();
      });
    },
    published(channel, data) {
      const copied = copy(data);
      arrive(() => backend.onPublished(channel, copied));
    },
  });
  const backend = createRemoteBackend({
    timeoutMs,
    send(batch) {
      batches.push(batch);
      const copied = copy(batch);
      setImmediate(() => client.onBatch(copied));
      return true;
    },
  });

  return {
    backend,
    client,
    batches,
    answers,
    pause: () => void (unread = []),
    resume() {
      const all = unread ?? [];
      unread = undefined;
      for (const deliver of all) deliver();
    },
  };
}

/** As the channel does: in its own format, and with bytes as a window on the whole message. */
function copy<T>(value: T): T {
  return v8.deserialize(v8.serialize(value)) as T;
}
