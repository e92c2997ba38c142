import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addTo, removeFrom } from './dense-list.js';

it('holds what was added and not removed, each at the place that it knows', () => {
  // An even number adds an item, an odd one removes one of those that are there.
  fc.assert(
    fc.property(fc.array(fc.nat()), (steps) => {
      const list: Array<{ index: number }> = [];
      const model = new Set<{ index: number }>();
      for (const step of steps) {
        const victim = [...model][step % Math.max(1, model.size)];
        if (step % 2 === 0 || victim === undefined) {
          const item = { index: -1 };
          addTo(list, item);
          model.add(item);
        } else {
          removeFrom(list, victim);
          model.delete(victim);
        }
      }
      expect(new Set(list)).toEqual(model);
      expect(list.map(({ index }) => index)).toEqual([...list.keys()]);
    }),
  );
});
