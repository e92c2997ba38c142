import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkChannels } from '../../test/linked-channels.js';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import { createUpgradeLink } from './upgrade-link.js';
import { unwrapForUpgrade, wrapForUpgrade } from './upgrade-messages.js';

describe('the channel between two primaries', () => {
  it('carries messages, and says when the other one has gone', async () => {
    const channels = linkChannels();
    const { logger } = createLogRecorder();
    const [old, next] = channels.ends.map((end) => createUpgradeLink(end, logger));
    const ready = old?.next('ready');
    expect(next?.send({ type: 'ready', wantsState: true })).toBe(true);
    expect(await ready).toEqual({ type: 'ready', wantsState: true });
    channels.disconnect();
    await Promise.all([old?.closed, next?.closed]);
    expect(next?.send({ type: 'hello' })).toBe(false);
    await createUpgradeLink(channels.ends[0], logger).closed;
  });

  it('leaves others’ messages alone, and drops what only looks like one', () => {
    expect(unwrapForUpgrade(wrapForUpgrade({ type: 'hold' }))).toEqual({ type: 'hold' });
    for (const raw of [null, 'ready', {}, { message: { type: 'hold' } }]) {
      expect(unwrapForUpgrade(raw)).toBeUndefined();
    }
    const mine = wrapForUpgrade({ type: 'hold' });
    for (const raw of [
      { ...mine, corralUpgrade: 2 },
      { ...mine, message: { type: 'toString' } },
      { ...mine, message: { type: 'welcome' } },
      { ...mine, message: { type: 'chunk', records: { lastVersion: 1, entries: {}, leases: [] } } },
    ]) {
      expect(unwrapForUpgrade(raw)).toEqual(expect.any(String));
    }
    fc.assert(
      fc.property(fc.anything(), (message) => {
        const found = unwrapForUpgrade({ corralUpgrade: 1, message });
        expect(found).toBeDefined();
      }),
    );
  });
});
