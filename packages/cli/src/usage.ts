// CLI: what the help says. Pure.
import type { Command } from './command.js';
import { DEFAULT_TIMEOUT_MS } from './command-line.js';
import type { UsageTopic } from './command-line.js';

const OPTION_HELP: ReadonlyArray<readonly [name: string, option: string, help: string]> = [
  ['json', '--json', 'JSON instead of text for people'],
  [
    'expect-version',
    '--expect-version <n>',
    'refuse the change unless this is the version in force',
  ],
  ['', '--admin <url>', 'the admin server; default: CORRAL_ADMIN_URL'],
  ['', '--timeout-ms <n>', `how long to wait for an answer of it; default ${DEFAULT_TIMEOUT_MS}`],
  ['', '-h, --help', 'this, or the help of a command'],
  ['', '-v, --version', 'the version of this program'],
];

const EXIT_CODE_HELP = `Exit codes:
  0  done; a change: every process has applied it
  1  refused or failed, or not applied by every process; or the path is not there
  2  wrong usage; no change was sent
  3  the admin server cannot be reached, or does not answer
  4  the configuration is of another version than --expect-version; nothing was changed
`;

/** All there is to say. */
export function fullUsage(topic: UsageTopic, commands: readonly Command[]): string {
  if (typeof topic !== 'string') {
    return [
      shortUsage(topic, commands),
      `${topic.summary}\n`,
      `${topic.notes}\n`,
      optionHelp(topic),
    ].join('\n');
  }
  return [
    'corral: looks at a running Corral cluster, and changes its configuration.\n',
    shortUsage(topic, commands),
    optionHelp(),
    `The cluster needs an admin server: bootstrap(main, { admin: { port: 9000 } }), and to change its
configuration: { port: 9000, configWrites: true }.\n`,
    EXIT_CODE_HELP,
  ].join('\n');
}

/** What to type. */
export function shortUsage(topic: UsageTopic, commands: readonly Command[]): string {
  if (typeof topic !== 'string') return `Usage: corral ${syntaxOf(topic)} [options]\n`;
  const shown = commands.filter(({ name }) => topic === '' || name.startsWith(`${topic} `));
  return `Usage: corral <command> [options]\n\n${columns(
    shown.map((command) => [syntaxOf(command), command.summary]),
  )}`;
}

function syntaxOf({ name, operands }: Command): string {
  return operands === '' ? name : `${name} ${operands}`;
}

function optionHelp(command?: Command): string {
  const shown = OPTION_HELP.filter(
    ([name]) => name === '' || command?.options.some((each) => each === name),
  );
  return `Options:\n${columns(shown.map(([, option, help]) => [option, help]))}`;
}

function columns(rows: ReadonlyArray<readonly [left: string, right: string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}
