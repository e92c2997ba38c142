// Any process that runs the app: `Cluster` as a type and, under the same name, as an injection token.
import type { Cluster as CoreCluster } from '@corral/core';

/** This process's cluster, for injection: `constructor(private readonly cluster: Cluster) {}`. */
export type Cluster = CoreCluster;

// Nest finds a constructor's dependencies by their classes; an interface has none at runtime.
export const Cluster: abstract new () => CoreCluster = class Cluster {} as never;
