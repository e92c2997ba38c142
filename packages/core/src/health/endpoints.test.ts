import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkKindsFor, healthResponse, matchHealthRoute } from './endpoints.js';
import type {
  HealthCheckResult,
  HealthPaths,
  HealthReport,
  HealthRequest,
  HealthResponse,
} from './health.js';
import { prefersJson } from './probe-response.js';

const dbUp: HealthCheckResult = { status: 'up', kind: 'ready', critical: true, durationMs: 1 };
const dbDown: HealthCheckResult = { ...dbUp, status: 'down', reason: 'timeout' };

function report(changes: Partial<HealthReport> = {}): HealthReport {
  return {
    status: 'ok',
    live: true,
    ready: true,
    started: true,
    role: 'worker',
    workerId: 2,
    generation: 1,
    pid: 4711,
    uptime: 12.5,
    memory: { rssBytes: 1, heapUsedBytes: 2, heapTotalBytes: 3, externalBytes: 4 },
    eventLoop: { utilizationRatio: 0.5, delayMeanMs: 1, delayP99Ms: 2 },
    checks: {},
    ...changes,
  };
}

const get = (url: string, accept?: string): HealthRequest => ({ method: 'GET', url, accept });

function answer(given: HealthReport, request: HealthRequest, paths?: HealthPaths): HealthResponse {
  const response = healthResponse(given, request, paths);
  if (response === undefined) throw new Error(`no answer to ${request.url}`);
  return response;
}

const draining = report({ status: 'draining', ready: false });

describe('probes', () => {
  it.each(['/livez', '/readyz', '/startupz'])('%s answers ok as text', (url) => {
    expect(answer(report(), get(url, '*/*'))).toEqual({
      status: 200,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '2',
        'cache-control': 'no-store',
      },
      body: 'ok',
    });
  });

  it('say what failed', () => {
    const failing = report({ status: 'error', ready: false, checks: { db: dbDown } });
    expect(answer(failing, get('/readyz'))).toMatchObject({
      status: 503,
      body: 'db failed: timeout',
    });
    expect(answer(draining, get('/readyz'))).toMatchObject({
      status: 503,
      body: 'serving failed: draining',
    });
    const starting = report({ status: 'starting', ready: false, started: false });
    expect(answer(starting, get('/startupz'))).toMatchObject({
      status: 503,
      body: 'started failed: starting',
    });
  });

  it('verbose: a line for everything', () => {
    const checks = {
      db: dbDown,
      cache: { ...dbDown, critical: false, reason: 'failed' as const },
      queue: dbUp,
      other: { ...dbDown, kind: 'live' as const },
    };
    const failing = report({ status: 'error', ready: false, checks });
    expect(answer(failing, get('/readyz?verbose')).body).toBe(
      [
        '[+]serving ok',
        '[-]db failed: timeout',
        '[-]cache failed (not critical)',
        '[+]queue ok',
        'ready check failed',
        '',
      ].join('\n'),
    );
    expect(answer(report(), get('/livez?verbose=1')).body).toBe(
      '[+]process ok\nlive check passed\n',
    );
    expect(answer(draining, get('/readyz?x&verbose')).body).toBe(
      '[-]serving failed: draining\nready check failed\n',
    );
    expect(answer(report(), get('/livez?verbose=false')).body).toBe('ok');
  });

  it('as JSON for those who ask for it', () => {
    const failing = report({ status: 'error', ready: false, checks: { db: dbDown } });
    const response = answer(failing, get('/readyz', 'application/json'));
    expect(response.status).toBe(503);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(response.body)).toEqual({
      status: 'error',
      probe: 'ready',
      failed: [{ name: 'db', reason: 'timeout' }],
      workerId: 2,
      generation: 1,
      checks: { db: dbDown },
    });
  });

  it('live stays 200 while draining, and whatever the ready checks say', () => {
    expect(answer(draining, get('/livez'))).toMatchObject({ status: 200, body: 'ok' });
    const failing = report({ status: 'error', ready: false, checks: { db: dbDown } });
    expect(answer(failing, get('/livez?verbose')).body).not.toContain('db');
  });

  it('live fails with a live check', () => {
    const checks = { deadlock: { ...dbDown, kind: 'live' as const } };
    const failing = report({ status: 'error', live: false, checks });
    expect(answer(failing, get('/livez'))).toMatchObject({
      status: 503,
      body: 'deadlock failed: timeout',
    });
  });

  it('never fail without a reason', () => {
    const facts = fc.record({
      status: fc.constantFrom<HealthReport['status']>('ok', 'error', 'starting', 'draining'),
      ready: fc.boolean(),
      started: fc.boolean(),
      checks: fc.constantFrom<HealthReport['checks']>({}, { db: dbUp }, { db: dbDown }),
    });
    fc.assert(
      fc.property(facts, fc.constantFrom('/readyz', '/startupz'), (changes, url) => {
        const { status, body } = answer(report(changes), get(url));
        expect(status === 200 ? body === 'ok' : body.includes('failed')).toBe(true);
      }),
    );
  });
});

describe('/health', () => {
  it('is the whole report as JSON, whatever is accepted', () => {
    const whole = report({ checks: { db: dbUp } });
    const response = answer(whole, get('/health', 'text/plain'));
    expect(response.status).toBe(200);
    expect(JSON.parse(response.body)).toEqual(whole);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
  });

  it.each([
    ['ok', 200],
    ['degraded', 200],
    ['error', 503],
    ['starting', 503],
    ['draining', 503],
  ] as const)('with status %s is %i', (status, expected) => {
    expect(answer(report({ status }), get('/health')).status).toBe(expected);
  });
});

describe('methods', () => {
  it('HEAD has the headers of GET and no body', () => {
    const head = answer(report(), { method: 'HEAD', url: '/health' });
    expect(head.body).toBe('');
    expect(head.headers).toEqual(answer(report(), get('/health')).headers);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'get'])('%s is refused', (method) => {
    expect(answer(report(), { method, url: '/livez' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD', 'cache-control': 'no-store' },
    });
    expect(checkKindsFor('health', { method, url: '/health' })).toEqual([]);
  });

  it('only a route is answered at all', () => {
    expect(healthResponse(report(), { method: 'POST', url: '/' })).toBeUndefined();
  });
});

describe('paths', () => {
  it.each([
    ['/livez', 'live'],
    ['/livez/', 'live'],
    ['/livez//', 'live'],
    ['/livez?verbose', 'live'],
    ['/livez/?a=b#c', 'live'],
    ['/livez#x', 'live'],
    ['http://example.com:80/readyz?x', 'ready'],
    ['http://example.com', undefined],
    ['/health', 'health'],
    ['/healthz', undefined],
    ['/livez/x', undefined],
    ['/LIVEZ', undefined],
    ['//livez', undefined],
    ['*', undefined],
    ['', undefined],
    ['/?path=/livez', undefined],
  ])('%j is for %s', (url, route) => {
    expect(matchHealthRoute(get(url))).toBe(route);
  });

  it('can be changed and turned off', () => {
    const paths: HealthPaths = { live: '/up', ready: 'sub/ready/', startup: false, health: '/' };
    expect(matchHealthRoute(get('/up'), paths)).toBe('live');
    expect(matchHealthRoute(get('/sub/ready'), paths)).toBe('ready');
    expect(matchHealthRoute(get('/startupz'), paths)).toBeUndefined();
    expect(matchHealthRoute(get('/?x'), paths)).toBe('health');
    expect(matchHealthRoute(get('/livez'), paths)).toBeUndefined();
  });

  it('are read from anything without a throw', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (url, accept) => {
        expect(() => healthResponse(report(), get(url, accept))).not.toThrow();
        expect(answer(report(), get(`/livez?${url}`, accept)).status).toBe(200);
      }),
    );
  });

  it('ask for their own kind of checks', () => {
    expect(checkKindsFor('live', get('/livez'))).toEqual(['live']);
    expect(checkKindsFor('health', get('/health'))).toEqual(['live', 'ready', 'startup']);
  });
});

describe('prefersJson', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['*/*', false],
    ['application/*', false],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['application/health+json', true],
    ['application/json, text/plain, */*', true],
    ['text/plain, application/json', false],
    ['text/plain;q=0.5, application/json', true],
    ['text/plain, application/json;q=0.5', false],
    ['application/json;q=0', false],
    ['application/json;q=x', false],
    ['application/jsonx', false],
  ])('%j: %s', (accept, expected) => {
    expect(prefersJson(accept)).toBe(expected);
  });
});
