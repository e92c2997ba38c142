// CLI: from the command line to the exit code.
import { createAdminClient } from './admin-client.js';
import { resolveAdminUrl } from './admin-url.js';
import type { Io } from './command.js';
import { readCommandLine } from './command-line.js';
import type { CommandLine, UsageTopic } from './command-line.js';
import { COMMANDS } from './commands.js';
import { CliError, EXIT_CODES } from './errors.js';
import { printable } from './render/units.js';
import { fullUsage, shortUsage } from './usage.js';

/** @returns the exit code; rejects only when the program itself is wrong */
export async function run(argv: readonly string[], io: Io, version: string): Promise<number> {
  const line = readCommandLine(argv, COMMANDS);
  switch (line.kind) {
    case 'version':
      io.out(`${version}\n`);
      return 0;
    case 'help':
      io.out(fullUsage(line.topic, COMMANDS));
      return 0;
    case 'wrong':
      return complainAboutUsage(io, line.message, line.topic);
    case 'run':
      return await runCommand(line, io);
    default:
      return line satisfies never;
  }
}

async function runCommand(
  { command, operands, admin, timeoutMs, options }: CommandLine & { kind: 'run' },
  io: Io,
): Promise<number> {
  try {
    const url = resolveAdminUrl(admin, io.env['CORRAL_ADMIN_URL']);
    const client = createAdminClient({ url, timeoutMs, exchange: io.exchange });
    return (await command.run({ operands, options, client, io })) ? 0 : EXIT_CODES.FAILED;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === 'USAGE') return complainAboutUsage(io, error.message, command);
    complain(io, error.message);
    return EXIT_CODES[error.code];
  }
}

function complain(io: Io, message: string): void {
  io.err(`${io.paint('bad', 'corral:')} ${printable(message)}\n`);
}

function complainAboutUsage(io: Io, message: string, topic: UsageTopic): number {
  complain(io, message);
  io.err(`\n${shortUsage(topic, COMMANDS)}`);
  io.err(`\nMore: corral ${typeof topic === 'string' ? '' : `${topic.name} `}--help\n`);
  return EXIT_CODES.USAGE;
}
