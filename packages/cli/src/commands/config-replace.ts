// CLI: `corral config replace`.
import type { Command } from '../command.js';
import { readJsonInput } from '../json-input.js';
import { changeConfig } from './change-config.js';

export const configReplace: Command = {
  name: 'config replace',
  operands: '<file|->',
  minOperands: 1,
  maxOperands: 1,
  summary: 'Replaces the whole configuration by a file, or by the standard input.',
  options: ['expect-version', 'json'],
  notes: `The file is JSON. What it does not name is gone, or as the schema's defaults say. Secrets must be in it: the
hidden ones that \`corral config get\` shows are refused. With --expect-version, nobody's change is lost:

  corral config get > config.json     # says its version, such as 7
  corral config replace config.json --expect-version 7`,
  async run(call) {
    const { text } = await readJsonInput(call.io, call.operands[0] ?? '-');
    return await changeConfig(call, { kind: 'whole', text });
  },
};
