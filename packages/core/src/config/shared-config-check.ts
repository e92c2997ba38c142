// Any process: health tells when this cluster may not have the configuration that others have.
import type { Cluster } from '../cluster.js';
import { configOutOfStep } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import { isStateStore } from '../state/state-settings.js';

/**
 * Degraded while the store that keeps a shared configuration cannot be reached, or what it keeps is refused
 * here: the process serves what it has. Without a shared configuration there is no such check.
 */
export function addSharedConfigCheck(
  { config, state }: Pick<ResolvedOptions, 'config' | 'state'>,
  cluster: Pick<Cluster, 'health' | 'status'>,
): void {
  if (config?.shared !== true || !isStateStore(state)) return;
  const check = async (): Promise<{ readonly version: number | undefined }> => {
    const { config: status } = await cluster.status();
    if (status?.problem !== undefined) throw configOutOfStep(status.problem);
    return { version: status?.version };
  };
  cluster.health.addCheck('config', check, { critical: false });
}
