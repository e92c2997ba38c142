// Process test: Keyv's compliance suite on Redis. Keyv runs in this process.
import { createKeyvStore } from '@corral/core';
import { redisState } from '@corral/redis-state';
import { startRedisServer } from '@corral/test-kit';
import { describeKeyvCompliance } from '@corral/test-kit/keyv-compliance';
import { afterAll } from 'vitest';

const redis = await startRedisServer();
const state = redisState({ url: redis.url });
afterAll(async () => {
  await state.close();
  await redis.close();
});

describeKeyvCompliance('on Redis', () => createKeyvStore({ state }));
