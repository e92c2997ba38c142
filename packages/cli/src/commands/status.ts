// CLI: `corral status`.
import type { Command } from '../command.js';
import { renderStatus } from '../render/cluster-status.js';
import { printableJson } from '../render/units.js';

export const status: Command = {
  name: 'status',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  summary: 'Shows the cluster and its workers.',
  options: ['json'],
  notes: `With --json: what the admin server answers to GET /status.

Columns: gen is the generation that a worker belongs to, cpu the share of one core that it uses, loop the
share of time that its event loop is busy; figures are those of the last heartbeat.`,
  async run({ client, options, io }) {
    const current = await client.status();
    io.out(options.json ? printableJson(current) : renderStatus(current, io.paint));
    return true;
  },
};
