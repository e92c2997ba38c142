// Worker, or a primary in an upgrade: calls on many keys in parts, one after another, so that others have their
// turn in the primary between them. Whole, a million keys would block it for seconds.
import type { StateBackend, StateOperation } from './state-backend.js';
import { sizeOfData } from './value-codec.js';

const MAX_PART_KEYS = 1_000;
const MAX_PART_BYTES = 256 * 1024;

/** @param call a whole one, which the other process executes in one step */
export function inParts(
  call: (operation: StateOperation) => Promise<unknown>,
): StateBackend['execute'] {
  const inTurn = async (parts: readonly StateOperation[]): Promise<unknown> => {
    const results: unknown[] = [];
    for (const part of parts) results.push(await call(part));
    return joined(results);
  };
  const execute = (operation: StateOperation): Promise<unknown> => {
    const parts = partsOf(operation);
    return parts.length > 1 ? inTurn(parts) : call(operation);
  };
  return execute as StateBackend['execute'];
}

const WHOLE: readonly StateOperation[] = [];

/** Empty for what goes as it is. */
function partsOf(operation: StateOperation): readonly StateOperation[] {
  switch (operation.name) {
    case 'get':
    case 'delete': {
      const { name, keys } = operation;
      if (keys.length <= MAX_PART_KEYS) return WHOLE;
      return cut(keys, ({ length }) => length).map((some) => ({ name, keys: some }));
    }
    case 'set': {
      const { name, entries, ttlMs } = operation;
      if (entries.length === 1) return WHOLE;
      const parts = cut(entries, ([key, data]) => key.length + sizeOfData(data));
      return parts.map((some) => ({ name, entries: some, ttlMs }));
    }
    default:
      return WHOLE;
  }
}

function cut<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (part.length > 0 && (part.length === MAX_PART_KEYS || bytes + size > MAX_PART_BYTES)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += size;
  }
  parts.push(part);
  return parts;
}

/** Lists of the parts' keys, or how many of them there were. */
function joined(results: readonly unknown[]): unknown {
  if (results.every((result) => typeof result === 'number')) {
    return results.reduce((sum, count) => sum + count, 0);
  }
  return results.flat();
}
