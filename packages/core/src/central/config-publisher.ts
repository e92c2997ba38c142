// Primary or single process: holds the configuration of the cluster: validates changes, makes versions of
// them, sends them to every process, and takes them back when one refuses.
import type { WorkerErrorInfo } from '../cluster.js';
import type { ClusterEmitter } from '../cluster-events.js';
import { deferred } from '../deferred.js';
import { toErrorInfo } from '../error-info.js';
import { configConflict, configInvalid, configUnavailable, shuttingDown } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ConfigStatus, ConfigUpdateReport } from '../config/config-channel.js';
import type { CheckedUpdateOptions } from '../config/config-arguments.js';
import { applyPins, requirePins } from '../config/config-sources.js';
import type { Pin } from '../config/config-sources.js';
import type { ConfigSnapshot } from '../config/config-holder.js';
import type { ConfigDefinition } from '../config/define-config.js';
import { changedPaths, isEqual, redact, redactedPaths } from '../config/json-value.js';
import type { Json } from '../config/json-value.js';
import { validateConfig } from '../config/validate-config.js';
import { timerMs } from '../values/timer-ms.js';
import { reportInForce, reportRollout } from './config-reports.js';
import type { Refusal } from './config-reports.js';
import {
  answered,
  beginRollouts,
  isOver,
  join,
  leave,
  passDeadline,
  publish,
  retire,
} from './config-rollout.js';
import type { MemberId, RolloutState } from './config-rollout.js';
import type { ConfigVersion, ConfigVersions } from './config-versions.js';
import { createOperationQueue } from './operation-queue.js';

/** A process that gets the versions of the configuration. */
export interface ConfigMember {
  /** Unique for each process. */
  readonly id: MemberId;
  /** 0: the primary. */
  readonly workerId: number;
  /** Answers with {@link ConfigPublisher.answer}. */
  send(next: ConfigSnapshot, text: string, timeoutMs: number): void;
}

/** What a change makes of the configuration in force. May throw a coded error. */
export type Change = (current: Json) => unknown;

export interface ConfigPublisher {
  readonly current: ConfigSnapshot;
  /** The same as JSON. */
  readonly text: string;
  /** A process that begins with {@link current}. */
  join(member: ConfigMember): void;
  /** It is on its way out: it gets versions still, but neither holds anybody up nor refuses. */
  retire(id: MemberId): void;
  leave(id: MemberId): void;
  answer(id: MemberId, version: number, error?: WorkerErrorInfo): void;
  /**
   * @param source for the log, such as `an update`
   * @throws {CorralError} `CONFIG_INVALID`, `CONFIG_CONFLICT`, or what `change` throws
   */
  update(change: Change, options: UpdateOptions, source?: string): Promise<ConfigUpdateReport>;
  /**
   * Puts a version in force that another cluster has made, unless there is a newer one.
   *
   * @throws {CorralError} `CONFIG_INVALID`
   */
  take(version: ConfigVersion): Promise<void>;
  /** Takes no further updates, until `thaw()`; resolves when the one under way is over. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  status(): Pick<ConfigStatus, 'version' | 'value' | 'processes' | 'problem'>;
}

/** All versions after one are not in force any more. */
export interface TakenBack {
  /** The last version that is, in content. */
  readonly backTo: number;
  /** The version that has taken them back. */
  readonly by: number;
  /** Who refuses what. */
  readonly why: string;
}

export interface UpdateOptions extends CheckedUpdateOptions {
  /** What code and file say now, when it is they that change something. */
  readonly base?: Json;
  /** The version there is then is at least this; of a cluster alone. */
  readonly minVersion?: number;
}

/** How long processes may take for what another cluster has changed. */
const OTHERS_TIMEOUT_MS = 5_000;
/** How much longer than they may take we wait for answers: they are to say themselves that they took too long. */
const ANSWER_GRACE_MS = 250;

export function nameProcess(workerId: number): string {
  return workerId === 0 ? 'the primary' : `worker ${workerId}`;
}

export function createConfigPublisher(parts: {
  readonly definition: ConfigDefinition;
  readonly initial: ConfigSnapshot;
  readonly logger: Logger;
  readonly events: Pick<ClusterEmitter, 'emit'>;
  /** What no update can change. */
  readonly pins: readonly Pin[];
  readonly versions: ConfigVersions;
  readonly onTakenBack?: (taken: TakenBack) => void;
}): ConfigPublisher {
  const { definition, logger, events, pins, versions } = parts;
  const members = new Map<MemberId, ConfigMember>();
  const updates = createOperationQueue();
  let current = parts.initial;
  let text = JSON.stringify(current.value);
  /** Why a process that runs does not have the version in force. */
  const refusals = new Map<MemberId, Refusal>();
  /** The version that is to be taken back as soon as that is possible. */
  let undoing: number | undefined;
  /** The workers' numbers at the beginning of the last rollout: some may have ended meanwhile. */
  let workerIds = new Map<MemberId, number>();
  let timeoutMs = 0;
  let state: RolloutState = beginRollouts(current.version);
  let over = deferred<void>();
  let isFrozen = false;

  const advance = (next: RolloutState, send: readonly MemberId[] = []): void => {
    state = next;
    for (const id of send) members.get(id)?.send(current, text, timeoutMs);
    if (isOver(state)) over.resolve();
  };

  const report = (): ConfigUpdateReport =>
    reportRollout(state.rollout, (id) => workerIds.get(id) ?? 0);

  /** When there is no rollout. */
  const reportStanding = (): ConfigUpdateReport =>
    reportInForce(state, (id) => members.get(id)?.workerId ?? 0, refusals);

  const problemOf = (): string => [...refusals.values()].map(({ text }) => text).join('; ');

  /** Sends a version to everybody; resolves when nobody is waited for. */
  const rollOut = async (
    next: ConfigSnapshot,
    nextText: string,
    source: string,
  ): Promise<ConfigUpdateReport> => {
    const previous = current;
    current = next;
    text = nextText;
    refusals.clear();
    undoing = undefined;
    over = deferred<void>();
    workerIds = new Map([...members].map(([id, { workerId }]) => [id, workerId]));
    const { version } = current;
    const step = publish(state, version);
    advance(step.state, step.send);
    // What follows is done while the workers apply it.
    const deadline = setTimeout(
      () => advance(passDeadline(state)),
      timerMs(timeoutMs + ANSWER_GRACE_MS),
    );
    const paths = changedPaths(previous.value, current.value);
    logger.info(
      { version, changedPaths: paths },
      `configuration ${version} by ${source}: ${paths.join(', ') || 'the same as before'}`,
    );
    await over.promise;
    clearTimeout(deadline);
    const outcome = report();
    const { applied, rejected, timedOut } = outcome;
    logOutcome(outcome);
    events.emit('configUpdate', { version, changedPaths: paths, applied, rejected, timedOut });
    return outcome;
  };

  const logOutcome = ({ version, timedOut }: ConfigUpdateReport): void => {
    for (const { member, error } of state.rollout.rejected) onRefusal(version, member, error);
    if (timedOut.length > 0) {
      logger.warn(
        { version, workerIds: timedOut },
        `configuration ${version} was not applied in time by worker(s) ${timedOut.join(', ')}`,
      );
    }
  };

  const onRefusal = (
    version: number,
    member: MemberId,
    error: WorkerErrorInfo,
    manner = '',
  ): void => {
    const workerId = workerIds.get(member) ?? 0;
    const refusal = `${nameProcess(workerId)} refuses configuration ${version}${manner}: ${error.message}`;
    if (version === current.version && members.has(member)) {
      refusals.set(member, { error, text: refusal });
    }
    logger.error({ version, workerId, err: error }, refusal);
  };

  const setFrozen = async (frozen: boolean): Promise<void> =>
    await updates.run(async () => await Promise.resolve(void (isFrozen = frozen)));

  /** What `status()` and the admin server show must not come back as the configuration. */
  const requireSecrets = (source: string, from: Json, to: Json): void => {
    const before = redactedPaths(from, definition.secrets);
    const issues = redactedPaths(to, definition.secrets)
      .filter((path) => !before.includes(path))
      .map((path) => ({
        path,
        message: 'is a secret that was hidden; give its value, or patch only what is to change',
      }));
    if (issues.length > 0) throw configInvalid(source, issues);
  };

  /** @returns the version that the cluster has then; undefined: it stays with this one */
  const rollBack = async (version: number): Promise<number | undefined> => {
    if (definition.onRejected === 'keep') return undefined;
    versions.refuse(version);
    const why = problemOf() || 'it has ended since';
    try {
      const undone = await versions.undo(version);
      if (undone === undefined) return undefined;
      const { newest, backTo } = undone;
      parts.onTakenBack?.({ backTo, by: newest.version, why });
      await apply(newest, `going back from ${version}`);
      return newest.version;
    } catch (error) {
      undoing = version;
      const { message } = toErrorInfo(error);
      logger.error({ version }, `configuration ${version} cannot be taken back yet: ${message}`);
      return undefined;
    }
  };

  /** A version that is the newest already, wherever it was made. */
  const apply = async (next: ConfigVersion, source: string): Promise<ConfigUpdateReport> => {
    const { version } = next;
    const validated = validateConfig(definition, applyPins(next.value, pins));
    if (!validated.ok) throw configInvalid(`configuration ${version}`, validated.issues);
    return await rollOut({ version, value: validated.value }, validated.text, source);
  };

  const take = async (next: ConfigVersion): Promise<void> => {
    const { version } = next;
    if (version === undoing) await rollBack(version);
    if (version <= current.version) return;
    timeoutMs = OTHERS_TIMEOUT_MS;
    try {
      const { rejected } = await apply(next, 'another cluster');
      if (rejected.length > 0) await rollBack(version);
    } catch (error) {
      // The schema of this program does not accept it.
      if ((await rollBack(version)) === undefined) throw error;
    }
  };

  const onLateRejection = (member: MemberId, version: number, error: WorkerErrorInfo): void => {
    onRefusal(version, member, error, ', late');
    // A newer one may be refused, too, before it is this one's turn.
    versions.refuse(version);
    if (version === current.version) void updates.run(async () => await rollBack(version));
  };

  return {
    get current() {
      return current;
    },
    get text() {
      return text;
    },
    join(member) {
      members.set(member.id, member);
      advance(join(state, member.id));
    },
    retire(id) {
      refusals.delete(id);
      advance(retire(state, id));
    },
    leave(id) {
      members.delete(id);
      refusals.delete(id);
      advance(leave(state, id));
    },
    answer(id, version, error) {
      const step = answered(state, id, version, error);
      advance(step.state, step.send);
      if (step.isLateRejection && error !== undefined) onLateRejection(id, version, error);
    },
    update: async (change, options, source = 'an update') =>
      await updates.run(async () => {
        const { expectedVersion, base, minVersion = 0 } = options;
        if (isFrozen) throw shuttingDown('cluster.config.update()');
        const deadlineMs = performance.now() + options.timeoutMs;
        for (;;) {
          const { version, value } = current;
          if (expectedVersion !== undefined && expectedVersion !== version) {
            throw configConflict(expectedVersion, current);
          }
          const validated = validateConfig(definition, change(value));
          if (!validated.ok) throw configInvalid(source, validated.issues);
          requirePins(source, validated.value, pins);
          requireSecrets(source, value, validated.value);
          // Code and file may say something new that leads to the same, and others may have counted on.
          const isNews = base !== undefined || version < minVersion;
          if (!isNews && isEqual(validated.value, value)) return reportStanding();
          const { isOurs, newest } = await versions.commit({
            version,
            from: value,
            to: validated.value,
            ...(base === undefined ? {} : { base }),
            minVersion,
          });
          if (isOurs && newest.version === version) return reportStanding();
          if (isOurs) {
            ({ timeoutMs } = options);
            const next = { version: newest.version, value: validated.value };
            const outcome = await rollOut(next, validated.text, source);
            if (outcome.rejected.length === 0) return outcome;
            const rolledBackBy = await rollBack(outcome.version);
            return rolledBackBy === undefined ? outcome : { ...outcome, rolledBackBy };
          }
          // Another cluster was faster: this change comes after its.
          await take(newest);
          if (performance.now() > deadlineMs) {
            throw configUnavailable('other clusters were faster all the time');
          }
        }
      }),
    take: async (version) => await updates.run(async () => await take(version)),
    freeze: async () => await setFrozen(true),
    thaw: async () => await setFrozen(false),
    status: () => ({
      version: current.version,
      value: redact(current.value, definition.secrets),
      processes: Object.fromEntries(
        [...state.members].map(([id, { acked }]) => [members.get(id)?.workerId ?? 0, acked]),
      ),
      ...(refusals.size === 0 ? {} : { problem: problemOf() }),
    }),
  };
}
