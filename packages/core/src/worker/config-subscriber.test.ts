import { expect, it } from 'vitest';
import { z } from 'zod';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import { defineConfig } from '../config/define-config.js';
import { subscribeToConfig } from './config-subscriber.js';

it('waits for an update for no longer than a timer can', async () => {
  const waits: number[] = [];
  const { channel } = subscribeToConfig(
    defineConfig(z.object({}), { initial: {} }),
    1_000,
    {
      async request({ name }, timeoutMs) {
        if (name === 'updateConfig') waits.push(timeoutMs);
        return await Promise.resolve({ version: 1, text: '{}' });
      },
      send: () => true,
    },
    createLogRecorder().logger,
  );
  await (await channel).update({}, { timeoutMs: 2_147_483_647 });
  expect(waits).toEqual([2_147_483_647]);
});
