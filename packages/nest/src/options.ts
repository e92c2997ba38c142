// Any process: what bootstrap() and @ClusterBootstrap() take; validated once, before anything is forked.
import type { BootstrapOptions, Cluster, OptionIssue } from '@corral/core';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { invalidNestOptions } from './errors.js';

/** Core's options, and those that say how the Nest application is made. All are optional. */
export interface NestBootstrapOptions extends BootstrapOptions {
  /** Where the application listens; 0 takes any free port. Default 3000. */
  readonly port?: number;
  /** The address it listens on. Default: all. */
  readonly host?: string;
  /**
   * Makes the platform's adapter: `() => new FastifyAdapter()`. Default: platform-express. It may be async: one
   * that imports the platform itself saves the primary, which only supervises, from loading it.
   */
  readonly adapter?: () => AbstractHttpAdapter | Promise<AbstractHttpAdapter>;
  /** For `NestFactory.create`. `abortOnError` is false unless given, so that Corral can report a failed start. */
  readonly nest?: NestApplicationOptions;
  /** Sets the application up before it listens: pipes, prefix, versioning, CORS, Swagger. */
  configure?(app: INestApplication, cluster: Cluster): void | Promise<void>;
}

export interface ResolvedNestOptions {
  /** Validated by core. */
  readonly cluster: BootstrapOptions;
  readonly app: Readonly<Pick<NestBootstrapOptions, 'host' | 'adapter' | 'configure'>> & {
    readonly port: number;
    readonly nest: NestApplicationOptions;
  };
}

/** @throws {CorralError} `INVALID_OPTIONS`, naming every wrong option's path, its value and what was expected. */
export function resolveNestOptions(options: NestBootstrapOptions): ResolvedNestOptions {
  const { port = 3_000, host, adapter, nest = {}, configure, ...cluster } = options;
  const issues: OptionIssue[] = [];
  const expect = (path: string, value: unknown, ok: boolean, expected: string): void => {
    if (!ok) issues.push({ path, value, expected });
  };
  expect(
    'port',
    port,
    Number.isInteger(port) && port >= 0 && port <= 65_535,
    'a whole number, 0…65535',
  );
  expect(
    'host',
    host,
    host === undefined || (typeof host === 'string' && host !== ''),
    'a host name or address',
  );
  expect('adapter', adapter, isOptionalFunction(adapter), 'a function that makes an HTTP adapter');
  expect('nest', nest, typeof nest === 'object' && nest !== null, 'an object');
  expect(
    'configure',
    configure,
    isOptionalFunction(configure),
    'a function that takes the application',
  );
  if (issues.length > 0) throw invalidNestOptions(issues);
  return Object.freeze({
    cluster,
    app: Object.freeze({
      port,
      nest: { abortOnError: false, ...nest },
      ...(host === undefined ? {} : { host }),
      ...(adapter === undefined ? {} : { adapter }),
      ...(configure === undefined ? {} : { configure }),
    }),
  });
}

function isOptionalFunction(value: unknown): boolean {
  return value === undefined || typeof value === 'function';
}
