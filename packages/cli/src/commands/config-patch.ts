// CLI: `corral config patch`.
import type { Command } from '../command.js';
import { wrongUsage } from '../errors.js';
import { readJsonInput } from '../json-input.js';
import { changeConfig } from './change-config.js';

export const configPatch: Command = {
  name: 'config patch',
  operands: '<file|->',
  minOperands: 1,
  maxOperands: 1,
  summary: 'Applies a JSON merge patch from a file, or from the standard input.',
  options: ['expect-version', 'json'],
  notes: `In a JSON merge patch (RFC 7396) null takes away, objects are merged, arrays are replaced.

  echo '{"log":{"level":"debug"}}' | corral config patch -`,
  async run(call) {
    const { text, value } = await readJsonInput(call.io, call.operands[0] ?? '-');
    // Anything else would replace the whole.
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw wrongUsage('a patch must be an object; `corral config replace` takes other values');
    }
    return await changeConfig(call, { kind: 'patch', text });
  },
};
