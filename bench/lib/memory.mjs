// Runner: the memory of processes, as the kernel accounts for it. Linux only.
import { readFileSync } from 'node:fs';
import { descendantsOf } from '@corral/test-kit';
import { sum } from './stats.mjs';

/** Resident memory of one process, in bytes. */
export function rssBytes(pid) {
  return fieldBytes(`/proc/${pid}/status`, 'VmRSS');
}

/**
 * What a process and everything below it have allocated, in bytes. Without the pages of files, such as
 * Node's own code: those are shared, also with processes that have nothing to do with the contestant.
 */
export function treeAllocatedBytes(pid) {
  return sum(
    [pid, ...descendantsOf(pid)].map((each) => fieldBytes(`/proc/${each}/status`, 'RssAnon')),
  );
}

function fieldBytes(file, field) {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'));
  if (match === null) throw new Error(`${file} has no ${field}`);
  return Number(match[1]) * 1024;
}
