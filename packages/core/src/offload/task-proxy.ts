// Any process: the object whose members are a module's functions. Their names are known by its type only,
// so each is made when it is first asked for.
import { invalidArgument } from '../errors.js';
import type { OffloadCallOptions, Offloaded, OffloadedFunction } from './offload.js';
import { defaultCallOptions, resolveCallOptions } from './offload-options.js';
import type { TaskModule } from './task-module.js';

type AnyFunction = OffloadedFunction<readonly unknown[], unknown>;

/** What an offloaded function stands for, for pipelines. */
export interface Stage {
  readonly module: TaskModule;
  readonly name: string;
}

const stages = new WeakMap<object, Stage>();

export function createTaskProxy<Module>(module: TaskModule): Offloaded<Module> {
  const functions = new Map<string, AnyFunction>();
  const proxy = new Proxy(Object.create(null) as object, {
    get(_target, name) {
      if (name === Symbol.asyncDispose) return module.close;
      // Awaited, as the return value of an async function is, it must not look like a promise.
      if (typeof name !== 'string' || name === 'then') return undefined;
      let found = functions.get(name);
      if (found === undefined) {
        found = createFunction(module, name);
        functions.set(name, found);
      }
      return found;
    },
  });
  return proxy as Offloaded<Module>;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function stageOf(value: unknown): Stage {
  const stage = typeof value === 'function' ? stages.get(value) : undefined;
  if (stage === undefined) {
    throw invalidArgument('pipeline(…)', value, 'functions of modules given to cluster.offload()');
  }
  return stage;
}

function createFunction(module: TaskModule, name: string): AnyFunction {
  const defaults = defaultCallOptions(module.options);
  const run = (...args: readonly unknown[]): Promise<unknown> => module.call(name, args, defaults);
  const offloaded: AnyFunction = Object.assign(run, {
    with(options: OffloadCallOptions) {
      const resolved = resolveCallOptions(options, defaults);
      return (...args: readonly unknown[]) => module.call(name, args, resolved);
    },
  });
  stages.set(offloaded, { module, name });
  return offloaded;
}
