// Test process and fixtures: which values there may be, and that they come back as they were.
import assert from 'node:assert/strict';
import type { StateStoreCase } from './case.js';

const VALUES: Readonly<Record<string, unknown>> = {
  'an empty text': '',
  'a text': 'Grüße, 🐎\0\n',
  'a text that looks like a number': '007',
  'a text that looks like JSON': '{"a":1}',
  zero: 0,
  'minus zero': -0,
  'a fraction': 0.1,
  'a negative number': -3,
  'the largest safe integer': Number.MAX_SAFE_INTEGER,
  'a large number': 1e300,
  'not a number': NaN,
  infinity: -Infinity,
  true: true,
  false: false,
  null: null,
  'a bigint': 2n ** 80n,
  'a date': new Date('2026-11-24T08:00:00.123Z'),
  'a regular expression': /^a+$/giu,
  'an array': [1, 'two', [3, null]],
  'an object': { a: { b: [{ c: 'd' }] } },
  'an empty object': {},
  'undefined inside': { a: undefined, b: [undefined, 1] },
  'a map': new Map<unknown, unknown>([
    ['a', 1],
    [{ key: 'object' }, new Set([1, 2])],
  ]),
  'a set': new Set(['a', new Date(0)]),
  'a buffer': Buffer.from([0, 1, 254, 255]),
  'an empty buffer': Buffer.alloc(0),
  'a typed array': new Float64Array([1.5, -2]),
  'a view of a larger buffer': new Uint8Array([9, 8, 7, 6]).subarray(1, 3),
  'an array buffer': new Uint8Array([1, 2, 3]).buffer,
  'all of it': {
    when: new Date(1),
    tags: new Set(['x']),
    users: new Map([[1n, { name: 'a', avatar: Buffer.from('png') }]]),
  },
};

class Account {
  readonly name = 'a class';
}

const REFUSED: Readonly<Record<string, unknown>> = {
  'a function': () => undefined,
  'a symbol': Symbol('s'),
  'a promise': Promise.resolve(),
  'a weak map': new WeakMap(),
  'an instance of a class': new Account(),
};

export const valueCases: readonly StateStoreCase[] = [
  ...Object.entries(VALUES).map(
    ([name, value]) =>
      ({
        title: `carries ${name}`,
        async run({ store, other }) {
          await store.set('key', value);
          assert.deepEqual(await other.get('key'), value);
          assert.deepEqual(await other.getMany(['key']), [value]);
          const created = await store.compareAndSet('created', 0, value);
          assert.equal(created.ok, true);
          assert.deepEqual((await other.getEntry('created'))?.value, value);
          const found: unknown[] = [];
          for await (const [, each] of other.entries()) found.push(each);
          assert.deepEqual(found, [value, value]);
        },
      }) satisfies StateStoreCase,
  ),
  {
    title: 'carries errors with name, message and cause',
    async run({ store, other }) {
      await store.set('key', { error: new RangeError('too far', { cause: 'because' }) });
      const value = await other.get<{ error: Error }>('key');
      assert.ok(value?.error instanceof RangeError);
      assert.equal(value.error.message, 'too far');
    },
  },
  {
    title: 'gives copies, and keeps one',
    async run({ store }) {
      const given = { list: [1] };
      const setting = store.set('key', given);
      given.list.push(2);
      await setting;
      const [first, second] = await Promise.all([
        store.get<typeof given>('key'),
        store.get<typeof given>('key'),
      ]);
      assert.deepEqual(first, { list: [1] });
      first?.list.push(3);
      assert.deepEqual(second, { list: [1] });
      assert.deepEqual(await store.get('key'), { list: [1] });
    },
  },
  {
    title: 'carries a property named __proto__ as a property, and changes no prototype',
    async run({ store, other }) {
      const hostile = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as object;
      await store.set('key', { nested: hostile });
      const value = await other.get<{ nested: object }>('key');
      assert.ok(value);
      assert.deepEqual(Object.keys(value.nested).sort(), ['__proto__', 'constructor']);
      assert.equal(Object.getPrototypeOf(value.nested), Object.prototype);
      assert.equal(Reflect.get(value.nested, 'polluted'), undefined);
      assert.equal(Reflect.get({}, 'polluted'), undefined);
    },
  },
  ...Object.entries(REFUSED).map(
    ([name, value]) =>
      ({
        title: `refuses ${name}, and says where it is`,
        async run({ store }) {
          await store.set('key', 'before');
          await store.set('version', 'before');
          const entry = await store.getEntry('version');
          assert.ok(entry);
          const nested = { user: { list: [1, value] } };
          const refused = (error: Error): boolean => {
            assert.equal(Reflect.get(error, 'code'), 'STATE_VALUE_UNSUPPORTED');
            assert.match(error.message, /user.*list.*1/);
            return true;
          };
          await assert.rejects(async () => await store.set('key', nested), refused);
          await assert.rejects(
            async () =>
              await store.setMany([
                ['fine', 1],
                ['key', nested],
              ]),
            refused,
          );
          await assert.rejects(
            async () => await store.compareAndSet('version', entry.version, nested),
            refused,
          );
          await assert.rejects(async () => await store.publish('channel', nested), refused);
          await assert.rejects(async () => await store.set('key', value), {
            code: 'STATE_VALUE_UNSUPPORTED',
          });
          assert.equal(await store.get('key'), 'before');
          assert.equal(await store.get('version'), 'before');
        },
      }) satisfies StateStoreCase,
  ),
  {
    title: 'refuses what is larger than it may be, and goes on',
    async run({ store, maxValueBytes }) {
      const refused = { code: 'STATE_VALUE_TOO_LARGE' };
      const large = Buffer.alloc(maxValueBytes + 1);
      await store.set('key', 'before');
      await assert.rejects(async () => await store.set('key', large), refused);
      await assert.rejects(async () => await store.compareAndSet('new', 0, large), refused);
      await assert.rejects(
        async () => await store.set('key', { text: 'x'.repeat(maxValueBytes + 1) }),
        refused,
      );
      assert.equal(await store.get('key'), 'before');
      assert.equal(await store.has('new'), false);
    },
  },
];
