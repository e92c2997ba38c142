// Primary: the other primary of an upgrade, as far as the embedded store goes: its calls are done here, and
// ours there, whoever of the two has the state at the moment.
import { createOutbox } from '../protocol/outbox.js';
import type { ToWorker } from '../protocol/messages.js';
import { createRemoteBackend } from '../state/remote-backend.js';
import type { RemoteBackend } from '../state/remote-backend.js';
import type { EmbeddedState } from './primary-state.js';
import type { UpgradeLink } from './upgrade-link.js';

type Published = Extract<ToWorker, { type: 'statePublished' }>;

/** @returns the state of the other one */
export function joinStatePeer(
  { host, timeoutMs }: EmbeddedState,
  link: UpgradeLink,
): RemoteBackend {
  const remote = createRemoteBackend({
    timeoutMs,
    send: (batch) => link.send({ type: 'state', ...batch }),
  });
  const outbox = createOutbox<Published>((message, done) => link.send(message, done), {
    onNotReading: () => undefined,
    onReadingAgain: () => undefined,
  });
  const client = host.connectPeer({
    answer: (answer, onSent) => void link.send({ type: 'stateAnswer', ...answer }, onSent),
    published: (channel, data) => void outbox.offer({ type: 'statePublished', channel, data }),
  });
  link.on('state', (batch) => void client.onBatch(batch));
  link.on('stateAnswer', remote.onAnswer);
  link.on('statePublished', ({ channel, data }) => host.deliver(channel, data));
  void link.closed.then(() => {
    client.gone();
    remote.disconnected();
  });
  return remote;
}
