// CLI: `corral config get`.
import type { Command } from '../command.js';
import { printable, printableJson, printableLine } from '../render/units.js';
import { valueAt } from '../value-at.js';

export const configGet: Command = {
  name: 'config get',
  operands: '[path]',
  minOperands: 0,
  maxOperands: 1,
  summary: 'Shows the configuration, or what is at a path of it.',
  options: ['json'],
  notes: `A path is dotted: log.level, servers.0.host. Secrets are hidden. The value is written to the standard
output (a text without quotes when it has a path), the version and problems to the standard error.

With --json: what the admin server answers to GET /config; with a path, its value is only what is there.`,
  async run({ client, operands: [path], options, io }) {
    const config = await client.config();
    const value = path === undefined ? config.value : valueAt(config.value, path);
    if (options.json) {
      io.out(printableJson({ ...config, value }));
      return true;
    }
    if (path === undefined || typeof value !== 'string') io.out(printableJson(value));
    // Programs get what there is.
    else io.out(`${io.isTerminal ? printable(value) : value}\n`);
    io.err(`version ${config.version}\n`);
    if (config.problem !== undefined) io.err(`problem: ${printableLine(config.problem)}\n`);
    return true;
  },
};
