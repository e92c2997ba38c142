// CLI: `corral config set`.
import { requireNoArrayParts, toMergePatch } from '../assignments.js';
import type { Command } from '../command.js';
import { changeConfig } from './change-config.js';

export const configSet: Command = {
  name: 'config set',
  operands: '<path>=<value>…',
  minOperands: 1,
  maxOperands: Infinity,
  summary: 'Sets values at paths, all in one change.',
  options: ['expect-version', 'json'],
  notes: `A value is JSON when it is JSON, else a text: limit=5 is a number, limit='"5"' a text. Together they are a
JSON merge patch: null takes away, objects are merged, arrays are replaced.

  corral config set log.level=debug 'servers=["a","b"]' limit=null`,
  async run(call) {
    const { operands } = call;
    return await changeConfig(call, { kind: 'patch', text: toMergePatch(operands) }, (current) =>
      requireNoArrayParts(operands, current),
    );
  },
};
