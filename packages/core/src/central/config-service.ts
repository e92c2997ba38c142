// Primary or single process: the configuration of the cluster, from its sources to its processes.
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import type { ConfigChannel, ConfigStatus, ConfigUpdateReport } from '../config/config-channel.js';
import { checkChange } from '../config/config-arguments.js';
import { parseConfigFile } from '../config/config-file.js';
import type { ConfigFile } from '../config/config-file.js';
import { createConfigHolder } from '../config/config-holder.js';
import type { ConfigSnapshot } from '../config/config-holder.js';
import { applyPins, overlay, readPins, settlePins } from '../config/config-sources.js';
import type { Pin } from '../config/config-sources.js';
import { createConfigChannel } from '../config/create-config-channel.js';
import type { ConfigDefinition } from '../config/define-config.js';
import { succeedConfig } from '../config/inherited-config.js';
import type { InheritedConfig } from '../config/inherited-config.js';
import { mergePatch, rebase } from '../config/json-value.js';
import type { Json } from '../config/json-value.js';
import { requireValid, validateTwice } from '../config/validate-config.js';
import type { Validated } from '../config/validate-config.js';
import type { ClusterEmitter } from '../cluster-events.js';
import { toErrorInfo } from '../error-info.js';
import { configInvalid, CorralError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ConfigText, ConfigUpdate, ToPrimary, ToWorker } from '../protocol/messages.js';
import type { StateStore } from '../state/state-store.js';
import { createConfigPublisher, nameProcess } from './config-publisher.js';
import type { Change } from './config-publisher.js';
import { watchConfigFile } from './config-file-watcher.js';
import { countVersions } from './config-versions.js';
import { createOperationQueue } from './operation-queue.js';
import { createSharedVersions } from './shared-versions.js';

export interface ConfigService {
  /** Of this process. */
  readonly channel: ConfigChannel;
  /** A worker begins: what it begins with. Later versions are sent to it. */
  join(worker: ConfigWorker): ConfigText;
  onAnswer(worker: ConfigWorker, answer: Extract<ToPrimary, { type: 'configAnswer' }>): void;
  /** Drains: it has no say any more. Idempotent. */
  retire(worker: Pick<ConfigWorker, 'id'>): void;
  gone(worker: ConfigWorker): void;
  update(update: ConfigUpdate): Promise<ConfigUpdateReport>;
  status(): ConfigStatus;
  /** For a primary that is to succeed this one. */
  bequest(): InheritedConfig;
  /** The same, when it takes over: there are no updates here from now on, until `keep()`. */
  handOver(): Promise<InheritedConfig>;
  keep(): Promise<void>;
  /** What has become of the predecessor's configuration since this process began with it. */
  adopt(next: InheritedConfig): Promise<void>;
  /** Lets go of file and store. Idempotent. */
  close(): void;
}

/** A worker, as far as its configuration goes. */
export interface ConfigWorker {
  /** Unique for each process. */
  readonly id: number;
  readonly workerId: number;
  send(message: Extract<ToWorker, { type: 'config' }>): boolean;
}

export interface ConfigServiceParts {
  /** Keeps the configuration for several clusters, unless the definition says otherwise. */
  readonly store?: Pick<StateStore, 'namespace'> | undefined;
  readonly definition: ConfigDefinition;
  /** As the app's processes have it: with what is in files. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** This process among the cluster's: 0, or 1 when it is the whole cluster. */
  readonly workerId: number;
  readonly logger: Logger;
  readonly events: Pick<ClusterEmitter, 'emit'>;
  /** What a predecessor has left. */
  readonly inherited?: InheritedConfig | undefined;
}

/** No worker's: ids of workers begin at 1. */
const OWN_ID = 0;
/** How long processes may take for what a file, or the predecessor, has changed. */
const OWN_TIMEOUT_MS = 5_000;
/** More than a late refusal takes back. */
const KEPT_READINGS = 8;

/**
 * Puts the configuration together, and begins to watch its file.
 *
 * @throws {CorralError} `CONFIG_INVALID`
 */
export async function startConfigService(parts: ConfigServiceParts): Promise<ConfigService> {
  const { definition, workerId, logger, events } = parts;
  const filePath = definition.file === undefined ? undefined : path.resolve(definition.file);
  let file = filePath === undefined ? undefined : await readConfigFile(filePath);
  let problem: string | undefined;

  const baseOf = (content: Json): Json => overlay(definition.initial as Json, content);
  const base = baseOf(file?.content ?? {});
  const pins = readPins(definition, base, parts.env);
  const validate = (value: Json): Validated => validateTwice(definition, applyPins(value, pins));
  const what = definition.file ?? 'the configuration';
  const value = requireValid(what, locateIssues(validate(base), file));
  const settledPins = settlePins(value, pins);
  /** What the sources say, without updates. */
  let own = value;
  /** The versions that the file has made, and what there was before: a process may refuse one late. */
  let readingsInForce: ReadonlyArray<{
    readonly version: number;
    readonly file: ConfigFile;
    readonly own: Json;
  }> = [];
  let inherited = parts.inherited;

  const shared =
    parts.store === undefined || !definition.shared
      ? undefined
      : createSharedVersions({
          store: parts.store.namespace('config'),
          base,
          accept: (next) => void requireValid(`${what}, with what clusters share,`, validate(next)),
          logger,
        });
  const begun = await shared?.begin();
  const chooseInitial = (): ConfigSnapshot => {
    if (begun !== undefined) {
      const value = requireValid('what clusters share', validate(begun.value));
      return { version: begun.version, value };
    }
    const left =
      inherited === undefined
        ? { version: 1, value }
        : beginWith(inherited, value, definition, settledPins, logger);
    // Whatever the store will say is newer.
    return shared === undefined ? left : { ...left, version: 0 };
  };
  const initial = chooseInitial();
  const publisher = createConfigPublisher({
    definition,
    initial,
    logger,
    events,
    pins: settledPins,
    versions: shared ?? countVersions(initial),
    onTakenBack({ backTo, by, why }) {
      const undone = readingsInForce.find(({ version }) => version > backTo);
      if (undone === undefined) return;
      readingsInForce = readingsInForce.filter(({ version }) => version <= backTo);
      // As if it had not been read: see readAgain().
      ({ file, own } = undone);
      problem = `what ${what} says was taken back by configuration ${by}, for a process refuses it: ${why}`;
      logger.error({ version: by }, problem);
    },
  });

  const holder = createConfigHolder(initial, logger);
  publisher.join({
    id: OWN_ID,
    workerId,
    send(next, _text, timeoutMs) {
      holder.apply(next, timeoutMs).then(
        () => publisher.answer(OWN_ID, next.version),
        (thrown: unknown) => publisher.answer(OWN_ID, next.version, toErrorInfo(thrown)),
      );
    },
  });

  /** Of the file, while the store that clusters share could not be reached. */
  let waitingText: string | undefined;
  /** What has changed in the file changes in the configuration; what others have changed stays. */
  const readAgain = async (text: string): Promise<void> => {
    if (filePath === undefined || file === undefined) return;
    waitingText = undefined;
    try {
      const before = file;
      const after = await parseConfigFile(filePath, text);
      const afterBase = baseOf(after.content);
      let changedVersion = 0;
      const change: Change = (current) => {
        changedVersion = publisher.current.version;
        const changed = rebase(current, baseOf(before.content), afterBase);
        const validated = locateIssues(validate(changed), after);
        const value = requireValid(filePath, validated);
        problem = undefined;
        return value;
      };
      const options = { timeoutMs: OWN_TIMEOUT_MS, base: afterBase };
      const { version, rolledBackBy, rejected } = await publisher.update(change, options, filePath);
      if (rolledBackBy !== undefined) {
        // The file is still as if it had not been read: its next change brings along what was refused now.
        problem = takenBack(filePath, rolledBackBy, rejected);
        logger.error({ version: rolledBackBy }, problem);
        return;
      }
      if (version > changedVersion) {
        readingsInForce = [...readingsInForce, { version, file: before, own }].slice(
          -KEPT_READINGS,
        );
      }
      own = applyPins(rebase(own, baseOf(before.content), afterBase), settledPins);
      file = after;
    } catch (error) {
      if (error instanceof CorralError && error.code === 'CONFIG_UNAVAILABLE') waitingText = text;
      problem = toErrorInfo(error).message;
      logger.error({ code: error instanceof CorralError ? error.code : undefined }, problem);
    }
  };
  /** The file may change while what the store has missed is caught up on. */
  const readings = createOperationQueue();
  const onFileChange = async (text: string): Promise<void> =>
    await readings.run(async () => await readAgain(text));
  const watcher =
    filePath === undefined || file === undefined
      ? undefined
      : watchConfigFile(filePath, file.text, onFileChange, logger);

  shared?.follow(async (newest) => {
    await publisher.take(newest);
    await readings.run(async () => {
      if (waitingText !== undefined) await readAgain(waitingText);
    });
  });

  const bequest = (): InheritedConfig => ({
    version: publisher.current.version,
    base: JSON.stringify(own),
    current: publisher.text,
  });

  return {
    channel: createConfigChannel(
      holder,
      async (change, options) => await publisher.update(toChange(change), options),
    ),
    join(worker) {
      publisher.join({
        id: worker.id,
        workerId: worker.workerId,
        send: ({ version }, text, timeoutMs) =>
          void worker.send({ type: 'config', version, text, timeoutMs }),
      });
      return { version: publisher.current.version, text: publisher.text };
    },
    onAnswer: (worker, { version, error }) => publisher.answer(worker.id, version, error),
    retire: (worker) => publisher.retire(worker.id),
    gone: (worker) => publisher.leave(worker.id),
    update: async ({ kind, text, ...options }) => {
      const given = JSON.parse(text) as Json;
      const change: Change =
        kind === 'whole' ? () => given : (current) => mergePatch(current, given);
      return await publisher.update(change, options);
    },
    status() {
      const { problem: refusal, ...status } = publisher.status();
      const problems = [shared?.problem, refusal, problem].filter((each) => each !== undefined);
      return {
        ...status,
        ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
        ...(shared === undefined ? {} : { shared: { reachable: shared.isReachable } }),
      };
    },
    bequest,
    async handOver() {
      await publisher.freeze();
      return bequest();
    },
    keep: publisher.thaw,
    async adopt(next) {
      // The store has all that there is.
      if (shared !== undefined) return;
      const before = JSON.parse((inherited ?? next).current) as Json;
      const after = JSON.parse(next.current) as Json;
      inherited = next;
      try {
        await publisher.update(
          (current) => rebase(current, before, after),
          { timeoutMs: OWN_TIMEOUT_MS, minVersion: next.version },
          'the predecessor',
        );
      } catch (error) {
        logger.error(
          { err: error },
          'the configuration stays without what the predecessor has changed last',
        );
      }
    },
    close() {
      watcher?.close();
      shared?.close();
    },
  };
}

/** What a predecessor has left, or, when the schema does not accept it, the program's own. */
function beginWith(
  inherited: InheritedConfig,
  own: Json,
  definition: ConfigDefinition,
  pins: readonly Pin[],
  logger: Logger,
): ConfigSnapshot {
  const { snapshot, refused } = succeedConfig(inherited, own, definition, pins);
  const { version } = snapshot;
  if (refused === undefined) {
    logger.info(
      { version },
      `beginning with the predecessor's configuration, as version ${version}`,
    );
  } else {
    const { message } = configInvalid(
      `configuration ${inherited.version} of the predecessor`,
      refused,
    );
    logger.error(
      { version },
      `beginning with what this program says itself, as version ${version}: ${message}`,
    );
  }
  return snapshot;
}

function takenBack(
  filePath: string,
  rolledBackBy: number,
  rejected: ConfigUpdateReport['rejected'],
): string {
  const reasons = rejected.map(
    ({ workerId, error }) => `${nameProcess(workerId)}: ${error.message}`,
  );
  return `what ${filePath} says was taken back by configuration ${rolledBackBy}, for it is refused by ${reasons.join('; ')}`;
}

/** An invalid value's issues get the lines of the file that may have caused them. */
function locateIssues(validated: Validated, file: ConfigFile | undefined): Validated {
  if (validated.ok || file === undefined) return validated;
  return { ok: false, issues: file.locate(validated.issues) };
}

function toChange(change: unknown): Change {
  if (typeof change !== 'function') {
    const patch = JSON.parse(checkChange(change)) as Json;
    return (current) => mergePatch(current, patch);
  }
  return (current) => JSON.parse(checkChange((change as Change)(current)));
}

async function readConfigFile(filePath: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    throw configInvalid(filePath, [{ path: '', message: toErrorInfo(error).message }]);
  }
  return await parseConfigFile(filePath, text);
}
