// Any process that runs the app: creates the Nest application, lets it listen, and closes it in a shutdown.
import type { Cluster } from '@corral/core';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { ResolvedNestOptions } from './options.js';

export async function startApplication(
  module: Type<unknown> | DynamicModule,
  cluster: Cluster,
  options: ResolvedNestOptions['app'],
): Promise<void> {
  const { adapter, nest, configure, port, host } = options;
  const app =
    adapter === undefined
      ? await NestFactory.create(module, nest)
      : await NestFactory.create(module, await adapter(), nest);
  closeWithCluster(app, cluster);
  await configure?.(app, cluster);
  await app.init();
  takeSignalsBack(app, cluster);
  if (host === undefined) await app.listen(port);
  else await app.listen(port, host);
}

/**
 * Closes the application once HTTP has drained: Nest runs onModuleDestroy while it still serves, which
 * takes databases from requests that are running.
 */
function closeWithCluster(app: INestApplication, cluster: Cluster): void {
  // Nest hands the signal to its hooks, though its types leave that out.
  const closable: { close(signal?: string): Promise<void> } = app;
  const removeHook = cluster.onShutdown(async ({ reason }) => await closable.close(reason), {
    phase: 'application',
    name: 'nest.close',
  });
  // An app that was closed by its own code must not be closed again: Nest would run its hooks twice.
  const server: NodeJS.EventEmitter = app.getHttpServer();
  server.once('close', () => {
    if (!cluster.signal.aborted) removeHook();
  });
}

/**
 * Undoes `app.enableShutdownHooks()`, which many apps call: Nest would close the application at once
 * on a signal, then raise the signal again and end the process in the middle of the drain.
 */
function takeSignalsBack(app: INestApplication, cluster: Cluster): void {
  const before = process.listenerCount('SIGTERM');
  (app as { unsubscribeFromProcessSignals?: () => void }).unsubscribeFromProcessSignals?.();
  if (process.listenerCount('SIGTERM') === before) return;
  cluster.logger.warn(
    'app.enableShutdownHooks() has no effect under Corral, which takes the signals and runs the shutdown hooks of Nest after HTTP has drained; remove the call',
  );
}
