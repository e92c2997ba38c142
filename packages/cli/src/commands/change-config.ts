// CLI: what all commands that change the configuration have in common.
import type { ConfigChange } from '../admin-client.js';
import type { Call } from '../command.js';
import { isAppliedByAll, renderReport } from '../render/update-report.js';

/** Makes the change, and says what came of it. */
export async function changeConfig(
  { client, options, io }: Call,
  change: Pick<ConfigChange, 'kind' | 'text'>,
): Promise<boolean> {
  const report = await client.changeConfig({
    ...change,
    expectedVersion: options.expectedVersion,
  });
  const isApplied = isAppliedByAll(report);
  if (options.json) io.out(`${JSON.stringify(report, null, 2)}\n`);
  else if (isApplied) io.out(renderReport(report));
  else io.err(renderReport(report));
  return isApplied;
}
