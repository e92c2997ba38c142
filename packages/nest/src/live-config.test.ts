import 'reflect-metadata';
import { getCluster } from '@corral/core';
import { withCluster } from '@corral/test-kit';
import { ConfigModule, ConfigService, registerAs } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { expect, it } from 'vitest';
import { liveConfig } from './live-config.js';

const channel: { current: unknown } = { current: { log: { level: 'info' }, limit: 1 } };

it('is the newest configuration at every moment, and cannot be changed', () => {
  const live = liveConfig(channel);
  expect({ ...live }).toEqual({ log: { level: 'info' }, limit: 1 });
  channel.current = { limit: 2 };
  expect(Object.keys(live)).toEqual(['limit']);
  expect('log' in live).toBe(false);
  expect(() => Object.assign(live, { limit: 3 })).toThrow(TypeError);
  expect(() => delete live['limit']).toThrow(TypeError);
});

it('may be made before the cluster is', async () => {
  const live = liveConfig();
  const cluster = getCluster();
  const config = { ...cluster.config, current: { limit: 5 } };
  await withCluster({ ...cluster, config }, () => expect(live['limit']).toBe(5));
});

it('makes ConfigService of @nestjs/config tell the newest', async () => {
  channel.current = { log: { level: 'info' }, limit: 1 };
  const app = await NestFactory.createApplicationContext(
    ConfigModule.forRoot({
      ignoreEnvFile: true,
      load: [registerAs('app', () => liveConfig(channel))],
    }),
    { logger: false },
  );
  const config = app.get(ConfigService);
  expect(config.get('app.log.level')).toBe('info');
  channel.current = { log: { level: 'debug' }, limit: 2 };
  expect(config.get('app.log.level')).toBe('debug');
  expect(config.get('app.limit')).toBe(2);
  await app.close();
});
