// Any process: the class decorator that keeps bootstrap's options on the root module.
import { SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { NestBootstrapOptions } from './options.js';

const OPTIONS_KEY = 'corral:bootstrap-options';

/**
 * Options of `bootstrap(AppModule)`, written on the root module:
 *
 * ```ts
 * @ClusterBootstrap({ workers: 'auto', port: 3000 })
 * @Module({ imports: [ClusterModule.forRoot()] })
 * export class AppModule {}
 * ```
 */
export function ClusterBootstrap(options: NestBootstrapOptions): ClassDecorator {
  return SetMetadata(OPTIONS_KEY, options);
}

/** What the decorator of a module, or of the class of a dynamic module, was given. */
export function bootstrapOptionsOf(module: unknown): NestBootstrapOptions {
  const target: unknown =
    typeof module === 'object' && module !== null ? Reflect.get(module, 'module') : module;
  if (typeof target !== 'function') return {};
  return new Reflector().get<NestBootstrapOptions | undefined>(OPTIONS_KEY, target) ?? {};
}
