// Whatever comes over a channel, in whatever order: neither side throws, and both go on working.
import fc from 'fast-check';
import { serialize } from 'node:v8';
import { expect, it } from 'vitest';
import { createMessageNetwork } from '../../test/message-network.js';

const names = fc.constantFrom('known', 'unknown', '__proto__', '');
const data = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .anything()
    .filter(isSerializable)
    .map((value) => new Uint8Array(serialize(value))),
  fc.constant(new Uint8Array()),
);
const seq = fc.integer({ min: -1, max: 5 });
const outcome = fc.oneof(
  fc.record({ ok: fc.constant(true), value: fc.oneof(data, fc.anything()) }),
  fc.record({
    ok: fc.constant(false),
    error: fc.record({
      name: fc.string(),
      message: fc.string(),
      code: fc.constant('NO_RESPONDER'),
    }),
    details: fc.anything(),
  }),
);
const fields = fc.oneof(
  fc.record({
    type: fc.constant('interest'),
    kind: fc.constantFrom('topic', 'request'),
    name: names,
    isWanted: fc.boolean(),
  }),
  fc.record({ type: fc.constant('publish'), topic: names, data }),
  fc.record({ type: fc.constant('published'), topic: names, data, from: seq }),
  fc.record({
    type: fc.constant('ask'),
    seq,
    target: fc.oneof(fc.constantFrom('primary', 'any'), seq),
    name: names,
    data,
    timeoutMs: fc.constantFrom(1, 10, 1e12, NaN),
    from: seq,
  }),
  fc.record({ type: fc.constant('answer'), seq, outcome }),
);
const message = fc.oneof(
  { weight: 5, arbitrary: fields },
  // One field is anything.
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fields,
        fc.constantFrom('type', 'seq', 'name', 'data', 'topic', 'outcome'),
        fc.anything(),
      )
      .map(([whole, key, value]) => Object.assign(whole, { [key]: value })),
  },
  { weight: 1, arbitrary: fc.anything() },
);
const raw = fc.oneof(
  { weight: 9, arbitrary: message.map((each) => ({ corral: 1, message: each })) },
  { weight: 1, arbitrary: fc.anything() },
);

function isSerializable(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}

it('no input crashes either side', async () => {
  const step = fc.record({ toPrimary: fc.boolean(), raw });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const network = createMessageNetwork(2);
      const [first, second] = network.workers;
      for (const members of [network.primary, first!.members, second!.members]) {
        members.subscribe('known', () => undefined);
        members.respond('known', () => 'answer');
      }
      await network.settle();
      // Requests under way, which wrong answers may settle, with anything.
      const requests = [network.primary.request(1, 'known'), first!.members.request(2, 'known')];
      for (const each of steps) {
        if (each.toPrimary) network.receive(first!, each.raw);
        else first!.receive(each.raw);
      }
      await Promise.allSettled(requests);
      await network.settle();

      expect(await second!.members.request('primary', 'known')).toBe('answer');
      expect(await network.primary.request(2, 'known')).toBe('answer');
      network.end(first!);
      network.end(second!);
    }),
    { numRuns: 300 },
  );
});
