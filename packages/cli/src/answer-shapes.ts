// CLI: whether what a server has answered is what an admin server answers. Pure.
//
// Only what is shown is looked at, and what is there besides is let through: the cluster may be a newer one.
import type { ClusterStatus, ConfigIssue, ConfigStatus, ConfigUpdateReport } from '@corral/core';

type Check = (value: unknown) => boolean;

export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

const isNumber: Check = (value) => typeof value === 'number';
const isText: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every((each) => check(each));
}

function recordOf(check: Check): Check {
  return (value) =>
    typeof value === 'object' && value !== null && Object.values(value).every(check);
}

function has(members: Readonly<Record<string, Check>>): Check {
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(members).every(([name, check]) => check(membersOf(value)[name]));
}

function allOf(check: Check, names: readonly string[]): Record<string, Check> {
  return Object.fromEntries(names.map((name) => [name, check]));
}

const isModule = has({
  name: isText,
  ...allOf(isNumber, ['threads', 'running', 'queued', 'maxQueue']),
  ...allOf(isNumber, ['completed', 'failed', 'saturated', 'timedOut']),
  run: has({ p99Ms: isNumber }),
});

const isOffload = has({
  ...allOf(isNumber, ['grantedThreads', 'utilizationRatio']),
  modules: listOf(isModule),
});

const isWorker = has({
  state: isText,
  ...allOf(isNumber, ['workerId', 'pid', 'generation', 'uptimeMs', 'rssBytes', 'cpuRatio']),
  ...allOf(isNumber, ['eventLoopUtilizationRatio', 'connections', 'requests']),
  offload: optional(isOffload),
});

const isConfig = has({
  version: isNumber,
  processes: recordOf(isNumber),
  problem: optional(isText),
  shared: optional(has({ reachable: isBoolean })),
});

const isStatus = has({
  ...allOf(isText, ['role', 'nodeVersion']),
  ...allOf(isNumber, ['pid', 'uptimeMs', 'generation', 'desired', 'ready', 'draining', 'requests']),
  balance: has({ mode: isText, reason: isText }),
  restarts: recordOf(isNumber),
  workers: listOf(isWorker),
  offload: optional(isOffload),
  config: optional(isConfig),
  stateSnapshot: optional(
    has({
      file: isText,
      writtenAt: optional(isText),
      entries: optional(isNumber),
      problem: optional(isText),
    }),
  ),
});

const isReport = has({
  version: isNumber,
  applied: listOf(isNumber),
  rejected: listOf(has({ workerId: isNumber, error: has({ name: isText, message: isText }) })),
  timedOut: listOf(isNumber),
  rolledBackBy: optional(isNumber),
});

const areIssues = listOf(has({ path: isText, message: isText }));

export function isClusterStatus(body: unknown): body is ClusterStatus {
  return isStatus(body);
}

export function isConfigStatus(body: unknown): body is ConfigStatus {
  return isConfig(body);
}

export function isConfigUpdateReport(body: unknown): body is ConfigUpdateReport {
  return isReport(body);
}

export function isConfigIssues(issues: unknown): issues is readonly ConfigIssue[] {
  return areIssues(issues);
}
