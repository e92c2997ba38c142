import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { autoWorkers, readCgroupLimits, readOomKills } from './cgroup-limits.js';
import type { ReadText } from './cgroup-limits.js';

const MIB = 1024 * 1024;
/** What version 1 says for memory without a limit, with pages of 4 KiB. */
const V1_UNLIMITED = '9223372036854771712\n';

/** A tree of files below /sys/fs/cgroup, and /proc/self/cgroup itself. */
function tree(procSelfCgroup: string, files: Readonly<Record<string, string>> = {}): ReadText {
  return (path) => {
    if (path === '/proc/self/cgroup') return procSelfCgroup;
    return path.startsWith('/sys/fs/cgroup/')
      ? files[path.slice('/sys/fs/cgroup/'.length)]
      : undefined;
  };
}

describe('readCgroupLimits, version 2', () => {
  it('reads the limits of a container, whose group is the root of its namespace', () => {
    const read = tree('0::/\n', { 'cpu.max': '150000 100000\n', 'memory.max': '536870912\n' });
    expect(readCgroupLimits(read)).toEqual({ cpus: 1.5, memoryBytes: 512 * MIB });
  });

  it('takes the tightest of the group and its ancestors', () => {
    const read = tree('0::/system.slice/app.service/worker\n', {
      'system.slice/cpu.max': '400000 100000\n',
      'system.slice/memory.max': '1073741824\n',
      'system.slice/app.service/cpu.max': '50000 25000\n',
      'system.slice/app.service/memory.max': '2147483648\n',
      'system.slice/app.service/worker/cpu.max': 'max 100000\n',
      'system.slice/app.service/worker/memory.max': 'max\n',
    });
    expect(readCgroupLimits(read)).toEqual({ cpus: 2, memoryBytes: 1024 * MIB });
  });

  it('finds the root when the path is the host’s, or leads out of the namespace', () => {
    const files = { 'cpu.max': '100000 100000', 'memory.max': '104857600' };
    const expected = { cpus: 1, memoryBytes: 100 * MIB };
    expect(readCgroupLimits(tree('0::/docker/0123abcd\n', files))).toEqual(expected);
    expect(readCgroupLimits(tree('0::/../../other\n', files))).toEqual(expected);
  });

  it('max means no limit', () => {
    const read = tree('0::/\n', { 'cpu.max': 'max 100000\n', 'memory.max': 'max\n' });
    expect(readCgroupLimits(read)).toEqual({});
  });
});

describe('readCgroupLimits, version 1', () => {
  const proc = '12:memory:/docker/ab\n5:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n';

  it('reads co-mounted controllers at the mount’s root, as a container sees them', () => {
    const read = tree(proc, {
      'cpu,cpuacct/cpu.cfs_quota_us': '250000\n',
      'cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      'memory/memory.limit_in_bytes': '268435456\n',
    });
    expect(readCgroupLimits(read)).toEqual({ cpus: 2.5, memoryBytes: 256 * MIB });
  });

  it('reads the group itself and its ancestors, as a host sees them', () => {
    const read = tree(proc, {
      'cpu/docker/ab/cpu.cfs_quota_us': '300000\n',
      'cpu/docker/ab/cpu.cfs_period_us': '100000\n',
      'cpu/docker/cpu.cfs_quota_us': '100000\n',
      'cpu/docker/cpu.cfs_period_us': '50000\n',
      'cpu/cpu.cfs_quota_us': '-1\n',
      'cpu/cpu.cfs_period_us': '100000\n',
      'memory/docker/ab/memory.limit_in_bytes': V1_UNLIMITED,
      'memory/docker/memory.limit_in_bytes': '1048576\n',
      'memory/memory.limit_in_bytes': V1_UNLIMITED,
    });
    expect(readCgroupLimits(read)).toEqual({ cpus: 2, memoryBytes: MIB });
  });

  it('knows what no limit looks like', () => {
    const read = tree(proc, {
      'cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      'cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      'memory/memory.limit_in_bytes': V1_UNLIMITED,
    });
    expect(readCgroupLimits(read)).toEqual({});
  });
});

describe('readCgroupLimits, hybrid', () => {
  it('takes controllers from where they are', () => {
    const read = tree('4:memory:/app\n1:cpu:/\n0::/app\n', {
      'memory/app/memory.limit_in_bytes': '2097152\n',
      'unified/app/cpu.max': '200000 100000\n',
    });
    expect(readCgroupLimits(read)).toEqual({ cpus: 2, memoryBytes: 2 * MIB });
  });
});

describe('readCgroupLimits, anything', () => {
  it('has no limits where nothing can be read', () => {
    expect(readCgroupLimits(() => undefined)).toEqual({});
    expect(readOomKills(() => undefined)).toBeUndefined();
  });

  it('never throws, and every limit is a number above 0', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.constantFrom('', 'max', '0 0', '100000 0', '-1', '0', '1e9', '0x10', '12 ', '7 3 1'),
    );
    fc.assert(
      fc.property(texts, fc.string(), (text, path) => {
        const read: ReadText = (file) =>
          file === '/proc/self/cgroup' ? `0::/${path}\n3:cpu,memory:/a\n${text}` : text;
        readOomKills(read);
        const limits: number[] = Object.values(readCgroupLimits(read));
        expect(limits.every((limit) => Number.isFinite(limit) && limit > 0)).toBe(true);
      }),
    );
  });
});

describe('readOomKills', () => {
  it('version 2: the own group’s memory.events', () => {
    const events = 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n';
    expect(readOomKills(tree('0::/app\n', { 'app/memory.events': events }))).toBe(2);
    expect(readOomKills(tree('0::/docker/x\n', { 'memory.events': events }))).toBe(2);
  });

  it('version 1: the own group’s memory.oom_control', () => {
    const control = 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n';
    const read = tree('4:memory:/app\n0::/\n', {
      'memory/app/memory.oom_control': control,
      'memory/memory.oom_control': 'oom_kill 99\n',
    });
    expect(readOomKills(read)).toBe(5);
  });

  it('old kernels do not tell', () => {
    const read = tree('4:memory:/\n', {
      'memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\n',
    });
    expect(readOomKills(read)).toBeUndefined();
  });
});

describe('autoWorkers', () => {
  it.each([
    [8, {}, 8],
    [8, { cpus: 2 }, 2],
    [8, { cpus: 2.1 }, 3],
    [8, { cpus: 0.2 }, 1],
    [2, { cpus: 16 }, 2],
    [8, { memoryBytes: 400 * MIB }, 3],
    [8, { memoryBytes: 64 * MIB }, 1],
    [8, { cpus: 4, memoryBytes: 300 * MIB }, 2],
  ])('%i cores, %j: %i', (availableParallelism, cgroup, expected) => {
    expect(autoWorkers({ availableParallelism, cgroup, memoryPerWorkerBytes: 128 * MIB })).toBe(
      expected,
    );
  });
});
