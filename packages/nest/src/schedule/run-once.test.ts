import 'reflect-metadata';
import { createMemoryBackend, createStateStore } from '@corral/core';
import type { StateStore } from '@corral/core';
import { Injectable, Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, Interval, ScheduleModule, Timeout } from '@nestjs/schedule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../cluster-token.js';
import { RunOnce } from './run-once.js';

const DAILY = '0 0 3 * * *';
const DATE = new Date(Date.now() + 3_600_000);

@Injectable()
class Jobs {
  @Cron(DAILY, { name: 'named' })
  @RunOnce()
  async named(): Promise<string> {
    return await Promise.resolve('ran');
  }

  @RunOnce()
  @Cron(DAILY, { timeZone: 'Asia/Tokyo' })
  async unnamed(): Promise<string> {
    return await Promise.resolve('ran');
  }

  @Cron(DAILY, { utcOffset: -150 })
  @RunOnce()
  async offset(): Promise<string> {
    return await Promise.resolve('ran');
  }

  @Cron(DATE)
  @RunOnce()
  async date(): Promise<string> {
    return await Promise.resolve('ran');
  }

  @Interval('sweep', 60_000)
  @RunOnce()
  async interval(): Promise<string> {
    return await Promise.resolve('ran');
  }

  @Cron(DAILY)
  @RunOnce()
  async fails(): Promise<void> {
    await Promise.reject(new Error('no printer'));
  }

  @Timeout(3_600_000)
  @RunOnce()
  async timeout(): Promise<string> {
    return await Promise.resolve('ran');
  }
}

let state: StateStore;
const workers: INestApplicationContext[] = [];

/** The jobs as a worker has them: on an application of its own, and on the state of all. */
async function startWorker(): Promise<Jobs> {
  const cluster = { state, onShutdown: () => () => undefined };
  @Module({
    imports: [ScheduleModule.forRoot()],
    providers: [{ provide: Cluster, useValue: cluster }, Jobs],
  })
  class WorkerModule {}
  const app = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
  workers.push(app);
  return app.get(Jobs);
}

describe('@RunOnce()', () => {
  let [first, second]: Jobs[] = [];
  beforeAll(async () => {
    state = createStateStore(createMemoryBackend());
    [first, second] = [await startWorker(), await startWorker()];
  });
  afterAll(async () => {
    await Promise.all(workers.map(async (app) => await app.close()));
    await state.close();
  });

  /** The key that the run of a job has left in the state. */
  const keyOf = async (job: string): Promise<string> => {
    const keys: string[] = [];
    for await (const [key] of state.entries('once:run:')) keys.push(key.slice('once:run:'.length));
    return keys.find((key) => key.includes(job)) ?? 'none';
  };

  it.each([
    ['named', /^cron:named:.{11}03:00:00.000Z$/],
    ['unnamed', /^cron:Jobs.unnamed:.{11}18:00:00.000Z$/],
    ['offset', /^cron:Jobs.offset:.{11}05:30:00.000Z$/],
    ['date', new RegExp(`^cron:Jobs.date:${DATE.toISOString()}$`)],
    ['interval', /^interval:sweep$/],
  ] as const)('lets one worker of all run a job: %s', async (job, key) => {
    const results = await Promise.all([first?.[job](), second?.[job](), first?.[job]()]);
    expect(results.filter((result) => result === 'ran')).toHaveLength(1);
    expect(await keyOf(job === 'interval' ? 'sweep' : job)).toMatch(key);
  });

  it('leaves what a job throws to Nest', async () => {
    await expect(async () => first?.fails()).rejects.toThrow('no printer');
    expect(await second?.fails()).toBeUndefined();
  });

  it('refuses what has no times in common, and objects that Nest has not made', async () => {
    const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    await expect(async () => first?.timeout()).rejects.toThrow(refusal);
    await expect(async () => new Jobs().named()).rejects.toThrow(refusal);
  });
});
