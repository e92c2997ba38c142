// Primary or single process: what CPU, memory and OOM kills the control group tells, and how many workers fit in it.
// Files: https://docs.kernel.org/admin-guide/cgroup-v2.html, …/cgroup-v1/memory.html, …/scheduler/sched-bwc.html

/** Reads a text file; `undefined` when it cannot be read. */
export type ReadText = (path: string) => string | undefined;

export interface CgroupLimits {
  /** How many CPUs' worth of time the quota grants; may be a fraction. Absent: no limit. */
  readonly cpus?: number;
  /** Absent: no limit. */
  readonly memoryBytes?: number;
}

const MOUNT = '/sys/fs/cgroup';
// Where a hybrid hierarchy mounts version 2; elsewhere it is the mount itself.
const UNIFIED_MOUNTS = [MOUNT, `${MOUNT}/unified`];

/**
 * The tightest limits of this process's cgroup and all its ancestors, of version 2, 1 or both
 * (hybrid). What cannot be read is no limit.
 */
export function readCgroupLimits(readText: ReadText): CgroupLimits {
  const groups = readGroups(readText);
  const unified = groups.unified.flatMap(withAncestors);
  const cpu = groups.cpu.flatMap(withAncestors);
  const memory = groups.memory.flatMap(withAncestors);
  const cpus = min([
    ...unified.map((folder) => parseCpuMax(readText(`${folder}/cpu.max`))),
    ...cpu.map((folder) =>
      toCpus(readText(`${folder}/cpu.cfs_quota_us`), readText(`${folder}/cpu.cfs_period_us`)),
    ),
  ]);
  const memoryBytes = min([
    ...unified.map((folder) => toLimit(readText(`${folder}/memory.max`))),
    ...memory.map((folder) => toLimit(readText(`${folder}/memory.limit_in_bytes`))),
  ]);
  return {
    ...(cpus === undefined ? {} : { cpus }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  };
}

/**
 * How often the kernel's out-of-memory killer has killed in this process's own cgroup, or `undefined`
 * where that is not told. Compare two readings: the count outlives processes.
 */
export function readOomKills(readText: ReadText): number | undefined {
  const { unified, memory } = readGroups(readText);
  const files = [
    ...unified.flatMap(ownOrVisible).map((folder) => `${folder}/memory.events`),
    ...memory.flatMap(ownOrVisible).map((folder) => `${folder}/memory.oom_control`),
  ];
  for (const file of files) {
    const count = /^oom_kill (\d+)$/m.exec(readText(file) ?? '')?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

/**
 * How many workers `workers: 'auto'` means: one per core, no more than the CPU quota (rounded up) and
 * the memory allow, at least 1.
 */
export function autoWorkers({
  availableParallelism,
  cgroup,
  memoryPerWorkerBytes,
}: {
  readonly availableParallelism: number;
  readonly cgroup: CgroupLimits;
  readonly memoryPerWorkerBytes: number;
}): number {
  const { cpus = Infinity, memoryBytes = Infinity } = cgroup;
  const fitting = Math.floor(memoryBytes / memoryPerWorkerBytes);
  return Math.max(1, Math.min(availableParallelism, Math.ceil(cpus), fitting));
}

/** A group's path below a hierarchy's mount; one of several mounts it may be found at. */
interface Group {
  readonly mount: string;
  /** `''` for the root, else `/a/b`. */
  readonly path: string;
}

interface Groups {
  readonly unified: readonly Group[];
  readonly cpu: readonly Group[];
  readonly memory: readonly Group[];
}

/** Reads /proc/self/cgroup: lines of `id:controllers:path`; version 2 has id 0 and no controllers. */
function readGroups(readText: ReadText): Groups {
  const lines = (readText('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (id === undefined || controllers === undefined || path === undefined) return [];
    return [{ id, controllers, path: cleanPath(path) }];
  });
  const at = (mounts: readonly string[], path: string): Group[] =>
    mounts.map((mount) => ({ mount, path }));
  const ofController = (name: string): Group[] =>
    lines
      .filter(({ controllers }) => controllers.split(',').includes(name))
      .flatMap(({ controllers, path }) =>
        // Mounted together as `cpu,cpuacct`, as a rule with a link for each name.
        at([...new Set([`${MOUNT}/${controllers}`, `${MOUNT}/${name}`])], path),
      );
  return {
    unified: lines
      .filter(({ id, controllers }) => id === '0' && controllers === '')
      .flatMap(({ path }) => at(UNIFIED_MOUNTS, path)),
    cpu: ofController('cpu'),
    memory: ofController('memory'),
  };
}

/** A path with `..` leads out of a cgroup namespace, to where nothing is visible: the root has to do. */
function cleanPath(path: string): string {
  const names = path.split('/').filter((name) => name !== '');
  return names.includes('..') ? '' : names.map((name) => `/${name}`).join('');
}

/** The group's folder and those of all its ancestors, the mount last. */
function withAncestors({ mount, path }: Group): string[] {
  const folders: string[] = [];
  for (let rest = path; rest !== ''; rest = rest.slice(0, rest.lastIndexOf('/'))) {
    folders.push(`${mount}${rest}`);
  }
  return [...folders, mount];
}

/** The group's own folder, else the mount: there a container sees its group although the path is the host's. */
function ownOrVisible({ mount, path }: Group): string[] {
  return path === '' ? [mount] : [`${mount}${path}`, mount];
}

function parseCpuMax(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? '').trim().split(/\s+/);
  return toCpus(quota, period);
}

function toCpus(
  quotaMicros: string | undefined,
  periodMicros: string | undefined,
): number | undefined {
  const quota = toLimit(quotaMicros);
  const period = toLimit(periodMicros);
  return quota === undefined || period === undefined ? undefined : quota / period;
}

/**
 * No limit is `max` in version 2, and in version 1 -1 for the quota and a number close to 2^63 for
 * memory.
 */
function toLimit(text: string | undefined): number | undefined {
  const trimmed = (text ?? '').trim();
  if (!/^\d+$/.test(trimmed)) return undefined;
  const limit = Number(trimmed);
  return limit > 0 && limit <= Number.MAX_SAFE_INTEGER ? limit : undefined;
}

function min(limits: readonly (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
