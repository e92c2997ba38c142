// CLI: all commands.
import type { Command } from './command.js';
import { configGet } from './commands/config-get.js';
import { configPatch } from './commands/config-patch.js';
import { configReplace } from './commands/config-replace.js';
import { configSet } from './commands/config-set.js';
import { status } from './commands/status.js';

export const COMMANDS: readonly Command[] = [
  status,
  configGet,
  configSet,
  configPatch,
  configReplace,
];
