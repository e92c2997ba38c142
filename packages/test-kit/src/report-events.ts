// Fixture's primary (or single process): tells the test, over IPC, what the cluster does.
import type { Cluster, ClusterEventName } from '@corral/core';

const EVENTS = [
  'workerReady',
  'workerExit',
  'workerStalled',
  'reload',
  'scale',
  'shutdown',
] as const satisfies readonly ClusterEventName[];

/**
 * Forwards every event of the cluster to the test as `{ event, ...data }`. Does nothing in workers, so
 * that a fixture may call it wherever it has a handle, and nothing without an IPC channel.
 */
export function reportEvents(cluster: Cluster): void {
  if (cluster.role === 'worker') return;
  for (const event of EVENTS) {
    cluster.on(event, (data) => reportEvent(event, data));
  }
}

/** Sends one event of the fixture's own to the test. */
export function reportEvent(event: string, data: object = {}): void {
  // With a callback, a test that has gone meanwhile is no 'error' event.
  if (process.connected) process.send?.({ event, ...data }, undefined, undefined, () => undefined);
}
