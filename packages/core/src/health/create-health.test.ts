import { describe, expect, it } from 'vitest';
import { createFileLogger } from '../logger.js';
import { assess, createHealth } from './create-health.js';
import type { LifecycleFacts, OwnedHealth } from './create-health.js';
import type { CheckResults } from './checks.js';
import type { HealthCheckResult } from './health.js';

const sample = {
  rssBytes: 1,
  heapUsedBytes: 2,
  heapTotalBytes: 3,
  heapUsedRatio: 0.5,
  externalBytes: 4,
  cpuRatio: 0.1,
  eventLoopUtilizationRatio: 0.2,
  eventLoopDelayMeanMs: 5,
  eventLoopDelayP99Ms: 6,
};

const serving: LifecycleFacts = { started: true, serving: true, draining: false };

function setUp(): { health: OwnedHealth; life: (facts: LifecycleFacts) => void } {
  let facts = serving;
  const health = createHealth({
    facts: () => facts,
    sampler: { sample: () => sample },
    logger: createFileLogger({ fd: 1, level: 'silent', readable: false }),
    identity: { role: 'worker', workerId: 3, generation: 2 },
  });
  return { health, life: (next) => void (facts = next) };
}

const status = async (health: OwnedHealth, url: string): Promise<number | undefined> =>
  (await health.respond({ method: 'GET', url }))?.status;

describe('createHealth', () => {
  it('reports who and how the process is', async () => {
    const { health } = setUp();
    health.addCheck('db', () => ({ pool: 5 }));
    expect(await health.report()).toEqual({
      status: 'ok',
      live: true,
      ready: true,
      started: true,
      role: 'worker',
      workerId: 3,
      generation: 2,
      pid: process.pid,
      uptime: expect.any(Number) as unknown,
      memory: { rssBytes: 1, heapUsedBytes: 2, heapTotalBytes: 3, externalBytes: 4 },
      eventLoop: { utilizationRatio: 0.2, delayMeanMs: 5, delayP99Ms: 6 },
      checks: {
        db: {
          status: 'up',
          kind: 'ready',
          critical: true,
          durationMs: expect.any(Number) as unknown,
          details: { pool: 5 },
        },
      },
    });
    expect(health.sample()).toBe(sample);
  });

  it('runs only the checks a route is about', async () => {
    const { health } = setUp();
    const runs: string[] = [];
    for (const kind of ['live', 'ready', 'startup'] as const) {
      health.addCheck(kind, () => void runs.push(kind), { kind, cacheMs: 0 });
    }
    await health.respond({ method: 'GET', url: '/livez' });
    expect(runs.splice(0)).toEqual(['live']);
    await health.respond({ method: 'GET', url: '/readyz' });
    expect(runs.splice(0)).toEqual(['ready']);
    await health.respond({ method: 'GET', url: '/startupz' });
    expect(runs.splice(0)).toEqual(['startup']);
    await health.respond({ method: 'GET', url: '/health' });
    expect(runs.splice(0)).toEqual(['live', 'ready', 'startup']);
    expect(await status(health, '/elsewhere')).toBeUndefined();
    await health.respond({ method: 'POST', url: '/health' });
    expect(runs).toEqual([]);
  });

  it('is not ready without its critical checks, and degraded without the others', async () => {
    const { health } = setUp();
    const remove = health.addCheck('db', () => Promise.reject(new Error('down')));
    health.addCheck('cache', () => Promise.reject(new Error('down')), { critical: false });
    expect(await status(health, '/readyz')).toBe(503);
    expect(await status(health, '/livez')).toBe(200);
    expect(await health.readyChecksPass()).toEqual({ ok: false, failing: ['db'] });
    remove();
    expect(await health.readyChecksPass()).toEqual({ ok: true });
    expect(await status(health, '/readyz')).toBe(200);
    expect((await health.report()).status).toBe('degraded');
  });

  it('follows the life of its process', async () => {
    const { health, life } = setUp();
    const probes = async (): Promise<unknown[]> =>
      await Promise.all(
        ['/startupz', '/readyz', '/livez', '/health'].map((url) => status(health, url)),
      );
    life({ started: false, serving: false, draining: false });
    expect(await probes()).toEqual([503, 503, 200, 503]);
    life({ started: true, serving: false, draining: false });
    expect(await probes()).toEqual([200, 503, 200, 503]);
    life(serving);
    expect(await probes()).toEqual([200, 200, 200, 200]);
    life({ started: true, serving: true, draining: true });
    expect(await probes()).toEqual([200, 503, 200, 503]);
  });

  it('runs no check in a drain: what it looks at may be closed already', async () => {
    const { health, life } = setUp();
    let runs = 0;
    for (const kind of ['live', 'ready', 'startup'] as const) {
      const fail = (): never => {
        runs += 1;
        throw new Error('closed');
      };
      health.addCheck(kind, fail, { kind });
    }
    life({ ...serving, draining: true });
    expect(await health.report()).toMatchObject({ status: 'draining', live: true, checks: {} });
    expect(runs).toBe(0);
  });

  it('tells a drain that began while the checks ran', async () => {
    const { health, life } = setUp();
    health.addCheck('db', () => life({ ...serving, draining: true }));
    expect(await status(health, '/readyz')).toBe(503);
  });

  it('still answers when it is closed', async () => {
    const { health } = setUp();
    health.addCheck('hangs', () => new Promise(() => undefined), { kind: 'live' });
    const probe = status(health, '/livez');
    health.close();
    health.close();
    expect(await probe).toBe(200);
    expect(await status(health, '/readyz')).toBe(200);
  });
});

describe('assess', () => {
  const down = (kind: HealthCheckResult['kind'], critical = true): CheckResults => ({
    [kind]: { status: 'down', kind, critical, durationMs: 0, reason: 'failed' },
  });

  it.each<[string, Partial<LifecycleFacts>, CheckResults, string]>([
    ['all well', {}, {}, 'ok'],
    ['a critical ready check down', {}, down('ready'), 'error'],
    ['another check down', {}, down('ready', false), 'degraded'],
    ['a live check down', {}, down('live'), 'error'],
    ['a startup check down', {}, down('startup'), 'starting'],
    ['set up, not listening', { serving: false }, {}, 'starting'],
    ['starting, the database down', { serving: false }, down('ready'), 'starting'],
    ['starting, a live check down', { started: false }, down('live'), 'error'],
    ['draining, whatever else', { draining: true }, down('live'), 'draining'],
  ])('%s', (_, facts, results, expected) => {
    expect(assess({ ...serving, ...facts }, results).status).toBe(expected);
  });
});
