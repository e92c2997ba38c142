// The router of the primary and the messaging of workers, joined by simulated channels.
import { describe, expect, it } from 'vitest';
import { createMessageNetwork } from '../../test/message-network.js';
import { createLogRecorder, watch } from '../../test/simulated-cluster.js';
import { wrap } from '../protocol/envelope.js';
import { createLocalMessaging } from './local-messaging.js';
import type { Messaging } from './messaging.js';

/** What a process got, in order. */
function listen(members: Messaging, topic: string): unknown[] {
  const got: unknown[] = [];
  members.subscribe(topic, (data, { from }) => void got.push([data, from]));
  return got;
}

describe('publish', () => {
  it('reaches every subscriber of the topic, the publisher included, in the same order', async () => {
    const { primary, workers, settle } = createMessageNetwork(3);
    const [first, second, third] = workers;
    const got = [primary, first!.members, second!.members].map((each) => listen(each, 'prices'));
    const others = listen(third!.members, 'other');
    await settle();

    first!.members.publish('prices', { sum: 1n, at: new Date(0) });
    await settle();
    primary.publish('prices');
    third!.members.publish('prices', new Map([['a', 1]]));
    await settle();

    for (const each of got) {
      expect(each).toEqual([
        [{ sum: 1n, at: new Date(0) }, 1],
        [undefined, 0],
        [new Map([['a', 1]]), 3],
      ]);
    }
    expect(others).toEqual([]);
  });

  it('sends to a worker only what its app wants, and no longer than that', async () => {
    const { primary, workers, settle } = createMessageNetwork(1);
    const { handle, members } = workers[0]!;
    const sent: string[] = [];
    handle.offer = (message) => sent.push(message.type) > 0;
    primary.publish('prices', 0);
    const stopFirst = members.subscribe('prices', () => undefined);
    const stopSecond = members.subscribe('prices', () => undefined);
    await settle();
    primary.publish('prices', 1);
    stopFirst();
    stopFirst();
    await settle();
    primary.publish('prices', 2);
    stopSecond();
    await settle();
    primary.publish('prices', 3);
    expect(sent).toEqual(['published', 'published']);
  });

  it('is not disturbed by a subscriber that throws, or changes what it got', async () => {
    const { primary, lines, settle } = createMessageNetwork(0);
    primary.subscribe<{ list: number[] }>('prices', ({ list }) => {
      list.push(99);
      throw new Error('a bug');
    });
    const got = listen(primary, 'prices');
    const list = [1];
    primary.publish('prices', { list });
    list.push(2);
    await settle();
    expect(got).toEqual([[{ list: [1] }, 0]]);
    expect(lines).toMatchObject([{ level: 'error', message: `a subscriber of 'prices' threw` }]);
  });

  it('gives each subscriber memory of its own, also to Buffers and other views', async () => {
    const { primary, lines, settle } = createMessageNetwork(0);
    const message = {
      buffer: Buffer.from('bytes'),
      view: new DataView(new ArrayBuffer(2)),
      floats: Float64Array.of(0.5, 1.5),
    };
    primary.subscribe<typeof message>('bytes', ({ buffer, view, floats }) => {
      buffer.fill(0);
      view.setInt16(0, 7);
      // Who has got memory may give it away.
      structuredClone([buffer, floats], { transfer: [buffer.buffer, floats.buffer] });
    });
    const got: Array<typeof message> = [];
    primary.subscribe<typeof message>('bytes', (data) => void got.push(data));
    primary.publish('bytes', message);
    await settle();
    expect(lines).toEqual([]);
    expect(got).toEqual([message]);
    expect(got[0]?.buffer.buffer.byteLength).toBe(message.buffer.length);
  });

  it('is not disturbed by a subscriber that is asynchronous and rejects', async () => {
    const { primary, lines, settle } = createMessageNetwork(0);
    const error = new Error('a bug');
    primary.subscribe('prices', async () => await Promise.reject(error));
    const got = listen(primary, 'prices');
    primary.publish('prices', 1);
    await settle();
    expect(got).toEqual([[1, 0]]);
    const details = { err: error, topic: 'prices', from: 0 };
    expect(lines).toEqual([{ level: 'error', details, message: `a subscriber of 'prices' threw` }]);
  });
});

describe('request', () => {
  it('is answered by the primary, by the worker that is named, and by any that can', async () => {
    const { primary, workers, settle } = createMessageNetwork(3);
    primary.respond<number>('double', (value, { from }) => ({ by: 0, value: value * 2, from }));
    for (const { members, handle } of workers.slice(1)) {
      members.respond<number>(
        'double',
        async (value, { from }) =>
          await Promise.resolve({ by: handle.workerId, value: value * 2, from }),
      );
    }
    await settle();
    const { members } = workers[0]!;

    expect(await members.request('primary', 'double', 4)).toEqual({ by: 0, value: 8, from: 1 });
    expect(await members.request(3, 'double', 5)).toEqual({ by: 3, value: 10, from: 1 });
    expect(await primary.request(2, 'double', 6)).toEqual({ by: 2, value: 12, from: 0 });
    expect(await workers[1]!.members.request(2, 'double', 7)).toMatchObject({ by: 2, from: 2 });
    const any = await Promise.all(
      [0, 1, 2, 3].map(async () => await members.request('any', 'double', 1)),
    );
    expect(any.map((answer) => (answer as { by: number }).by).sort()).toEqual([2, 2, 3, 3]);
  });

  it('without anybody who answers is refused, with a code', async () => {
    const { primary, workers, settle } = createMessageNetwork(2);
    const { members } = workers[0]!;
    const stop = workers[1]!.members.respond('sum', () => 1);
    await settle();
    for (const target of ['primary', 1] as const) {
      await expect(members.request(target, 'sum')).rejects.toMatchObject({ code: 'NO_RESPONDER' });
    }
    await expect(primary.request(7, 'sum')).rejects.toMatchObject({ code: 'WORKER_GONE' });
    expect(await members.request('any', 'sum')).toBe(1);
    stop();
    stop();
    await settle();
    await expect(members.request('any', 'sum')).rejects.toMatchObject({ code: 'NO_RESPONDER' });
  });

  it('is rejected at its deadline', async () => {
    const { primary, workers, settle } = createMessageNetwork(2);
    workers[1]!.members.respond('slow', async () => await new Promise(() => undefined));
    await settle();
    for (const members of [primary, workers[0]!.members]) {
      await expect(members.request('any', 'slow', 1, { timeoutMs: 20 })).rejects.toMatchObject({
        code: 'REQUEST_TIMEOUT',
        message: expect.stringContaining(`'slow' within 20 ms`) as unknown,
      });
    }
  });

  it('is rejected when the worker that was asked ends, and when the primary does', async () => {
    const { primary, workers, settle, end } = createMessageNetwork(2);
    for (const { members } of workers) {
      members.respond('slow', async () => await new Promise(() => undefined));
    }
    await settle();
    const ofPrimary = watch(primary.request(2, 'slow'));
    const ofWorker = watch(workers[0]!.members.request(2, 'slow'));
    await settle();
    end(workers[1]!);
    await settle();
    for (const { outcome } of [ofPrimary, ofWorker]) {
      expect(outcome).toMatchObject({ state: 'rejected', error: { code: 'WORKER_GONE' } });
    }

    const last = watch(workers[0]!.members.request(1, 'slow'));
    await settle();
    workers[0]!.cut();
    await settle();
    expect(last.outcome).toMatchObject({ state: 'rejected', error: { code: 'CHANNEL_CLOSED' } });
  });

  it('to a worker that does not read is rejected when it has to be dropped', async () => {
    const { primary, workers, settle } = createMessageNetwork(1);
    workers[0]!.members.respond('sum', () => 1);
    await settle();
    workers[0]!.freeze();
    const request = watch(primary.request(1, 'sum'));
    await settle();
    expect(request.outcome.state).toBe('pending');
    workers[0]!.dropAll();
    await settle();
    expect(request.outcome).toMatchObject({ error: { code: 'CHANNEL_SATURATED' } });
  });

  it('of a worker that does not read the answer is rejected when that has to be dropped', async () => {
    const { primary, workers, settle } = createMessageNetwork(1);
    primary.respond('report', () => 'long');
    workers[0]!.freeze();
    const request = watch(workers[0]!.members.request('primary', 'report'));
    await settle();
    workers[0]!.dropAll();
    workers[0]!.read();
    await settle();
    expect(request.outcome).toMatchObject({ error: { code: 'CHANNEL_SATURATED' } });
  });

  it('rejects with what the responder threw as the cause', async () => {
    const { primary, workers, settle } = createMessageNetwork(2);
    const { members } = workers[0]!;
    primary.respond('fails', () => {
      throw Object.assign(new TypeError('no such user'), { code: 'NO_USER' });
    });
    primary.respond('asks in vain', async () => await primary.request('any', 'nothing'));
    primary.respond('answers badly', () => ({ deep: [() => 1] }));
    primary.respond('answers at length', () => Buffer.alloc(4 * 1024 * 1024));
    await settle();
    for (const each of [primary, members, workers[1]!.members]) {
      const error = (await each.request('primary', 'fails').catch((thrown) => thrown)) as Error;
      expect(error).toMatchObject({ code: 'REMOTE_ERROR', message: 'no such user' });
      expect(error.cause).toHaveProperty('name', 'TypeError');
      expect(error.cause).toHaveProperty('code', 'NO_USER');
      // Who would ask again because of the code would make the responder run twice.
      await expect(each.request('primary', 'asks in vain')).rejects.toMatchObject({
        code: 'REMOTE_ERROR',
        cause: { code: 'NO_RESPONDER' },
      });
    }
    await expect(members.request('primary', 'answers badly')).rejects.toMatchObject({
      code: 'VALUE_UNCLONEABLE',
      message: expect.stringContaining('deep') as unknown,
    });
    await expect(members.request('primary', 'answers at length')).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message: expect.stringContaining(`the answer to 'answers at length'`) as unknown,
    });
  });

  it('can be answered by one function only', () => {
    const { primary } = createMessageNetwork(0);
    const stop = primary.respond('sum', () => 1);
    expect(() => primary.respond('sum', () => 2)).toThrow(/nothing answers in this process yet/);
    stop();
    primary.respond('sum', () => 2);
  });
});

describe('wrong arguments', () => {
  const { primary } = createMessageNetwork(0);
  class Money {}

  it.each([
    ['a topic that is no text', () => primary.publish('', 1)],
    ['a topic that is too long', () => primary.publish('x'.repeat(257), 1)],
    ['no listener', () => primary.subscribe('t', null as never)],
    ['no responder', () => primary.respond('t', 1 as never)],
  ])('%s', (_what, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
  });

  it.each([
    ['a target that nobody is', () => primary.request('all' as never, 't')],
    ['a number that no worker has', () => primary.request(0, 't')],
    ['a timeout that no timer can keep', () => primary.request('any', 't', 1, { timeoutMs: 1e10 })],
    ['no options', () => primary.request('any', 't', 1, null as never)],
  ])('%s', async (_what, call) => {
    await expect(call()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each([
    ['a function', () => primary.publish('t', { on: { click: () => 1 } }), /click/],
    ['an instance of a class', () => primary.publish('t', [1, { price: new Money() }]), /price/],
  ])('%s inside of the data, with its path', (_what, call, path) => {
    expect(call).toThrow(expect.objectContaining({ code: 'VALUE_UNCLONEABLE' }) as Error);
    expect(call).toThrow(path);
  });
});

it('more than 4 MiB are refused where they are sent, and where somebody sends them all the same', async () => {
  const { primary, workers, settle, receive } = createMessageNetwork(1);
  const got = listen(primary, 't');
  const tooLarge = expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }) as Error;
  const large = Buffer.alloc(4 * 1024 * 1024);
  for (const members of [primary, workers[0]!.members]) {
    expect(() => members.publish('t', { large })).toThrow(tooLarge);
    await expect(members.request('primary', 't', large)).rejects.toThrow(tooLarge);
  }
  const data = Buffer.alloc(4 * 1024 * 1024 + 1);
  receive(workers[0]!, wrap({ type: 'publish', topic: 't', data }));
  workers[0]!.members.publish('t', large.length);
  await settle();
  expect(got).toEqual([[large.length, 1]]);
});

describe('a process that is the whole cluster', () => {
  it('is the primary, worker 1, and any', async () => {
    const { logger } = createLogRecorder();
    const members = createLocalMessaging(logger, 1);
    const got = listen(members, 'prices');
    members.publish('prices', 5);
    members.respond<number>('double', (value) => value * 2);
    for (const target of ['primary', 'any', 1] as const) {
      expect(await members.request(target, 'double', 4)).toBe(8);
    }
    expect(got).toEqual([[5, 1]]);
    await expect(members.request(2, 'double')).rejects.toMatchObject({ code: 'WORKER_GONE' });
    await expect(members.request('any', 'nothing')).rejects.toMatchObject({ code: 'NO_RESPONDER' });
  });
});
