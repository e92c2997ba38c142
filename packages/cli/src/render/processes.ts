// CLI: the processes of a cluster by name. Pure.

/** `the primary, workers 1, 2`; 0 is the primary. */
export function nameProcesses(workerIds: readonly number[]): string {
  const workers = workerIds.filter((workerId) => workerId !== 0);
  const parts = [
    ...(workerIds.includes(0) ? ['the primary'] : []),
    ...(workers.length === 0
      ? []
      : [`${workers.length === 1 ? 'worker' : 'workers'} ${workers.join(', ')}`]),
  ];
  return parts.join(' and ');
}
