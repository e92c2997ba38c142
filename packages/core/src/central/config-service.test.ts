import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import type { LogLine } from '../../test/simulated-cluster.js';
import { defineConfig } from '../config/define-config.js';
import type { ConfigOptions } from '../config/define-config.js';
import type { InheritedConfig } from '../config/inherited-config.js';
import { startConfigService } from './config-service.js';
import type { ConfigService } from './config-service.js';

const schema = z.object({ level: z.enum(['info', 'debug']), limit: z.number().default(1) });
type Input = z.input<typeof schema>;

interface Started {
  readonly service: ConfigService;
  readonly lines: readonly LogLine[];
  /** Resolves with the configuration as soon as it is of that version. */
  reaches(version: number): Promise<unknown>;
  /** Resolves with the first problem that `status()` tells, of those that are like that. */
  problem(like?: RegExp): Promise<string>;
}

async function start(
  options: Partial<ConfigOptions<Input>>,
  inherited?: InheritedConfig,
  given = schema,
): Promise<Started> {
  let onLine = (): void => undefined;
  const { logger, lines } = createLogRecorder(() => onLine());
  const service = await startConfigService({
    definition: defineConfig(given, { initial: { level: 'info' }, ...options }),
    env: process.env,
    workerId: 0,
    logger,
    events: { emit: () => undefined },
    inherited,
  });
  onTestFinished(() => service.close());
  const { channel } = service;
  return {
    service,
    lines,
    reaches: async (version) =>
      await new Promise((resolve) => {
        const look = (): void => {
          if (channel.version >= version) resolve(channel.current);
        };
        channel.subscribe(look);
        look();
      }),
    problem: async (like = /./) =>
      await new Promise((resolve) => {
        onLine = () => {
          const { problem } = service.status();
          if (problem !== undefined && like.test(problem)) resolve(problem);
        };
      }),
  };
}

function createFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'corral-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('the configuration in the primary', () => {
  it('can be read and changed there, and tells subscribers', async () => {
    const { service } = await start({});
    const told: unknown[] = [];
    service.channel.subscribe((next, previous) => void told.push([next, previous]));
    expect(service.channel.current).toEqual({ level: 'info', limit: 1 });
    const report = await service.channel.update({ level: 'debug' });
    expect(report).toEqual({ version: 2, applied: [0], rejected: [], timedOut: [] });
    await service.channel.update((current: unknown) => ({ ...(current as object), limit: 2 }));
    expect(service.channel.current).toEqual({ level: 'debug', limit: 2 });
    expect(told).toHaveLength(2);
  });

  it('refuses what is no configuration before anything is started', async () => {
    await expect(start({ initial: { level: 'loud' as 'info' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(start({ file: '/not/there.yaml' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/there\.yaml.*\n.*ENOENT/) as unknown,
    });
  });

  it('keeps what the environment sets', async () => {
    process.env['CORRAL_TEST_LIMIT'] = '7';
    onTestFinished(() => void delete process.env['CORRAL_TEST_LIMIT']);
    const { service } = await start({ env: { limit: 'CORRAL_TEST_LIMIT' } });
    expect(service.channel.current).toEqual({ level: 'info', limit: 7 });
    await service.channel.update({ level: 'debug' });
    await expect(service.channel.update({ limit: 8 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('gives workers text, and takes changes from them', async () => {
    const { service } = await start({});
    const sent: unknown[] = [];
    const worker = { id: 9, workerId: 1, send: (message: unknown) => sent.push(message) > 0 };
    expect(service.join(worker)).toEqual({ version: 1, text: '{"level":"info","limit":1}' });
    const update = service.update({ kind: 'patch', text: '{"limit":2}', timeoutMs: 1_000 });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const text = '{"level":"info","limit":2}';
    expect(sent).toEqual([{ type: 'config', version: 2, text, timeoutMs: 1_000 }]);
    service.onAnswer(worker, { type: 'configAnswer', version: 2 });
    expect(await update).toMatchObject({ applied: [0, 1] });
    service.gone(worker);
    const whole = { kind: 'whole', text: '{"level":"debug"}', timeoutMs: 1_000 } as const;
    expect(await service.update({ ...whole, expectedVersion: 2 })).toMatchObject({ applied: [0] });
    expect(service.channel.current).toEqual({ level: 'debug', limit: 1 });
  });
});

describe('a file', () => {
  it('that is replaced changes what it changes, and leaves what others have changed', async () => {
    const file = path.join(createFolder(), 'config.yaml');
    writeFileSync(file, 'level: debug\n');
    const { service, reaches } = await start({ file });
    expect(service.channel.current).toEqual({ level: 'debug', limit: 1 });
    await service.channel.update({ limit: 5 });

    writeFileSync(`${file}.new`, 'level: info\n');
    renameSync(`${file}.new`, file);
    expect(await reaches(3)).toEqual({ level: 'info', limit: 5 });
    writeFileSync(file, 'level: info\nlimit: 6\n');
    expect(await reaches(4)).toEqual({ level: 'info', limit: 6 });
  });

  it('that is invalid changes nothing, and is reported with its line, until it is valid', async () => {
    const file = path.join(createFolder(), 'config.json');
    writeFileSync(file, '{ "level": "info" }');
    const { service, lines, problem, reaches } = await start({ file });
    writeFileSync(file, '{\n  "level": "loud"\n}');
    expect(await problem()).toMatch(/config\.json:2:12 level: /);
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(service.channel.version).toBe(1);
    writeFileSync(file, '{ "level": "debug" }');
    expect(await reaches(2)).toEqual({ level: 'debug', limit: 1 });
    expect(service.status()).not.toHaveProperty('problem');
  });

  it('that a process refuses is told as a problem, and not lost: the next edit brings it again', async () => {
    const file = path.join(createFolder(), 'config.yaml');
    writeFileSync(file, 'level: info\n');
    const { service, problem, reaches } = await start({ file });
    let isRefusing = true;
    service.channel.subscribe((next) => {
      if (isRefusing && (next as Input).level === 'debug') throw new Error('not debug');
    });
    const told = problem(/taken back/);
    writeFileSync(file, 'level: debug\n');
    expect(await told).toMatch(
      /config\.yaml.*taken back by configuration 3.*the primary: not debug/,
    );
    expect(service.channel.current).toMatchObject({ level: 'info' });
    expect(JSON.parse(service.bequest().base)).toMatchObject({ level: 'info' });

    isRefusing = false;
    writeFileSync(file, 'level: debug\nlimit: 2\n');
    expect(await reaches(4)).toEqual({ level: 'debug', limit: 2 });
    expect(service.status()).not.toHaveProperty('problem');
  });

  it('that is taken back late is not lost either', async () => {
    const file = path.join(createFolder(), 'config.yaml');
    writeFileSync(file, 'level: info\n');
    const { service, problem, reaches } = await start({ file });
    const mailbox = new EventEmitter();
    const worker = {
      id: 9,
      workerId: 1,
      send: ({ version }: { version: number }) => mailbox.emit(String(version)),
    };
    const answer = (version: number, message?: string): void =>
      service.onAnswer(worker, {
        type: 'configAnswer',
        version,
        ...(message === undefined ? {} : { error: { name: 'Error', message } }),
      });
    service.join(worker);
    // From now on nobody waits for it, until it answers.
    await service.update({ kind: 'patch', text: '{"limit":2}', timeoutMs: 1 });
    writeFileSync(file, 'level: debug\n');
    await reaches(3);
    const [third, told] = [once(mailbox, '3'), problem(/taken back/)];
    answer(2);
    await third;
    answer(3, 'not debug');
    expect(await told).toMatch(
      /config\.yaml says was taken back by configuration 4.*worker 1 refuses configuration 3, late: not debug/,
    );
    expect(await reaches(4)).toEqual({ level: 'info', limit: 2 });
    expect(JSON.parse(service.bequest().base)).toMatchObject({ level: 'info' });

    answer(4);
    const fifth = once(mailbox, '5');
    writeFileSync(file, 'level: debug\nlimit: 3\n');
    await fifth;
    answer(5);
    expect(await reaches(5)).toEqual({ level: 'debug', limit: 3 });
    expect(service.status()).not.toHaveProperty('problem');
  });

  it('that is invalid is not quoted where its secrets are', async () => {
    const file = path.join(createFolder(), 'config.json');
    writeFileSync(file, '{}');
    const quoting = schema.refine((value) => value.limit !== 7, {
      path: ['limit'],
      error: ({ input }) => `Expected another but received ${JSON.stringify(input)}`,
    });
    const { service, lines, problem } = await start(
      { file, secrets: ['limit'] },
      undefined,
      quoting,
    );
    const shown = (): string => JSON.stringify([lines, service.status()]);
    writeFileSync(file, "{ 'token': 'hunter2' }");
    expect(await problem()).toMatch(/config\.json:1:3: is no JSON/);
    expect(shown()).not.toContain('hunter2');
    writeFileSync(file, '{ "limit": 7, "token": "hunter2" }');
    expect(await problem()).toMatch(/config\.json:1:12 limit: is not valid .*hidden/);
    expect(shown()).not.toMatch(/received/);
  });

  it('is followed when links are swapped, as Kubernetes does with ConfigMaps', async () => {
    const folder = createFolder();
    const publishMap = (name: string, text: string): void => {
      mkdirSync(path.join(folder, name));
      writeFileSync(path.join(folder, name, 'config.yaml'), text);
      symlinkSync(name, path.join(folder, '..data_tmp'));
      renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'));
    };
    publishMap('..1', 'level: info\n');
    symlinkSync(path.join('..data', 'config.yaml'), path.join(folder, 'config.yaml'));
    const { reaches } = await start({ file: path.join(folder, 'config.yaml') });
    publishMap('..2', 'level: debug\n');
    expect(await reaches(2)).toMatchObject({ level: 'debug' });
    publishMap('..3', 'level: info\n');
    expect(await reaches(3)).toMatchObject({ level: 'info' });
  });
});

describe('the configuration of a primary that succeeds another', () => {
  it('is the predecessor’s, with the new program’s own where no update has changed it', async () => {
    const old = await start({});
    await old.service.channel.update({ level: 'debug' });
    const same = await start({}, old.service.bequest());
    expect(same.service.status()).toMatchObject({
      version: 2,
      value: { level: 'debug', limit: 1 },
    });

    const next = await start({ initial: { level: 'info', limit: 5 } }, old.service.bequest());
    expect(next.service.status()).toMatchObject({
      version: 3,
      value: { level: 'debug', limit: 5 },
    });
    // It can be left to the next in turn.
    const third = await start({}, next.service.bequest());
    expect(third.service.status()).toMatchObject({
      version: 4,
      value: { level: 'debug', limit: 1 },
    });
  });

  it('yields to the environment, and is not what the old environment said', async () => {
    const folder = createFolder();
    const file = path.join(folder, 'config.json');
    writeFileSync(file, '{"limit":3}');
    process.env['LEVEL_OF_TEST'] = 'debug';
    const old = await start({ file, env: { level: 'LEVEL_OF_TEST' } });
    await old.service.channel.update({ limit: 9 });
    const bequest = old.service.bequest();
    const still = await start({ file, env: { level: 'LEVEL_OF_TEST' } }, bequest);
    expect(still.service.channel.current).toEqual({ level: 'debug', limit: 9 });
    delete process.env['LEVEL_OF_TEST'];
    const next = await start({ file, env: { level: 'LEVEL_OF_TEST' } }, bequest);
    expect(next.service.channel.current).toEqual({ level: 'info', limit: 9 });
    // What the file has said since is no update.
    writeFileSync(file, '{"limit":4}');
    await still.reaches(still.service.channel.version + 1);
    const later = await start({ file }, still.service.bequest());
    expect(later.service.channel.current).toEqual({ level: 'info', limit: 4 });
  });

  it('is the program’s own, with a higher version, when the schema refuses what was left', async () => {
    const inherited = { version: 7, base: '{"level":"info"}', current: '{"level":"loud"}' };
    const { service, lines } = await start({}, inherited);
    expect(service.status()).toMatchObject({ version: 8, value: { level: 'info', limit: 1 } });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: expect.stringMatching(
          /configuration 7 of the predecessor is invalid.*level/s,
        ) as string,
      }),
    );
  });

  it('gets what is changed before the hand-over, and nothing is changed behind its back', async () => {
    const old = await start({});
    const next = await start({}, old.service.bequest());
    const update = old.service.channel.update({ level: 'debug' });
    const last = await old.service.handOver();
    await update;
    await next.service.adopt(last);
    expect(next.service.status()).toMatchObject({
      version: 2,
      value: { level: 'debug', limit: 1 },
    });
    const refused = expect.objectContaining({ code: 'SHUTTING_DOWN' }) as unknown as Error;
    await expect(old.service.channel.update({ limit: 2 })).rejects.toThrow(refused);
    await old.service.keep();
    await old.service.channel.update({ limit: 2 });
    expect(old.service.channel.current).toEqual({ level: 'debug', limit: 2 });
  });

  it('goes on counting where updates before the hand-over have cancelled out', async () => {
    const old = await start({});
    const next = await start({}, old.service.bequest());
    await old.service.channel.update({ level: 'debug' });
    await old.service.channel.update({ level: 'info' });
    await next.service.adopt(await old.service.handOver());
    // Workers of the old primary have version 3, and would take a second and third one for old.
    expect(next.service.status()).toMatchObject({ version: 3, value: { level: 'info', limit: 1 } });
    expect(next.lines.map(({ message }) => message)).toContain(
      'configuration 3 by the predecessor: the same as before',
    );
    await next.service.channel.update({ level: 'debug' });
    expect(next.service.channel.version).toBe(4);
  });
});
