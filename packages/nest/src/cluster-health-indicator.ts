// Any process that runs the app: the cluster's health as an indicator of @nestjs/terminus.
import type { HealthReport } from '@corral/core';
import { Inject, Injectable } from '@nestjs/common';
import { Cluster } from './cluster-token.js';

/** What terminus calls a HealthIndicatorResult; written out, so that terminus stays optional. */
export type ClusterIndicatorResult<Key extends string = string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    readonly state: HealthReport['status'];
    readonly workerId: number;
    readonly generation: number;
  }
>;

/**
 * `up` while this process is ready, `down` while it starts, drains, or a critical check of
 * `cluster.health` fails:
 *
 * ```ts
 * this.healthCheckService.check([() => this.clusterIndicator.isHealthy('cluster')]);
 * ```
 *
 * Never use it inside a check of `cluster.health`: each would wait for the other.
 */
@Injectable()
export class ClusterHealthIndicator {
  readonly #cluster: Cluster;

  constructor(@Inject(Cluster) cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** @param key the indicator's name in terminus' result. Default `cluster`. */
  async isHealthy<Key extends string = 'cluster'>(
    key: Key = 'cluster' as Key,
  ): Promise<ClusterIndicatorResult<Key>> {
    const { ready, status: state, workerId, generation } = await this.#cluster.health.report();
    const result = { status: ready ? 'up' : 'down', state, workerId, generation } as const;
    return { [key]: result } as ClusterIndicatorResult<Key>;
  }
}
