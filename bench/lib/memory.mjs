// Runner: the memory of processes, as the kernel accounts for it. Linux only.
import { readFileSync } from 'node:fs';
import { descendantsOf } from '@corral/test-kit';

/** Resident memory of one process, in bytes. */
export function rssBytes(pid) {
  return fieldBytes(`/proc/${pid}/status`, 'VmRSS');
}

/** Memory of a process and everything below it, in bytes; what they share is counted once. */
export function treePssBytes(pid) {
  return [pid, ...descendantsOf(pid)]
    .map((each) => fieldBytes(`/proc/${each}/smaps_rollup`, 'Pss'))
    .reduce((total, bytes) => total + bytes, 0);
}

function fieldBytes(file, field) {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'));
  if (match === null) throw new Error(`${file} has no ${field}`);
  return Number(match[1]) * 1024;
}
