// CLI: what came of a change of the configuration, for people. Pure.
import type { ConfigUpdateReport } from '@corral/core';
import { nameProcesses } from './processes.js';
import { printableLine } from './units.js';

/** Whether every process has it. */
export function isAppliedByAll({ rejected, timedOut }: ConfigUpdateReport): boolean {
  return rejected.length === 0 && timedOut.length === 0;
}

/** @param versionBefore the one in force before the change was sent */
export function renderReport(report: ConfigUpdateReport, versionBefore: number): string {
  const { version, applied, rejected, timedOut, rolledBackBy } = report;
  if (isAppliedByAll(report)) {
    if (version === versionBefore) return `nothing has changed: version ${version} is in force\n`;
    return `version ${version}: applied by ${nameProcesses(applied)}\n`;
  }
  const lines = rejected.map(({ workerId, error: { name, message } }) =>
    printableLine(`refused by ${nameProcesses([workerId])}: ${name}: ${message}`),
  );
  if (timedOut.length > 0) {
    const later =
      timedOut.length === 1
        ? 'it gets the newest version when it reads again'
        : 'they get the newest version when they read again';
    lines.push(`not answered in time by ${nameProcesses(timedOut)}: ${later}`);
  }
  if (applied.length > 0) {
    const until = rolledBackBy === undefined ? '' : ' until then';
    lines.push(`applied by ${nameProcesses(applied)}${until}`);
  }
  return `${headOf(report)}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function headOf({ version, rejected, rolledBackBy }: ConfigUpdateReport): string {
  if (rolledBackBy !== undefined) {
    return `version ${version} was refused, and taken back by version ${rolledBackBy}`;
  }
  return rejected.length > 0
    ? `version ${version} was refused, and stays in force where it was not`
    : `version ${version} is in force, but not everywhere yet`;
}
