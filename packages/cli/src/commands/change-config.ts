// CLI: what all commands that change the configuration have in common.
import type { ConfigChange } from '../admin-client.js';
import type { Call } from '../command.js';
import { printableJson } from '../render/units.js';
import { isAppliedByAll, renderReport } from '../render/update-report.js';

/**
 * Makes the change, and says what came of it.
 *
 * @param check throws when the configuration in force does not bear the change
 */
export async function changeConfig(
  { client, options, io }: Call,
  change: Pick<ConfigChange, 'kind' | 'text'>,
  check?: (current: unknown) => void,
): Promise<boolean> {
  // A report does not say whether its version is new. Besides, nothing is sent to what is no admin server.
  const before = await client.config();
  check?.(before.value);
  const report = await client.changeConfig({
    ...change,
    expectedVersion: options.expectedVersion,
  });
  const isApplied = isAppliedByAll(report);
  if (options.json) io.out(printableJson(report));
  else if (isApplied) io.out(renderReport(report, before.version));
  else io.err(renderReport(report, before.version));
  return isApplied;
}
