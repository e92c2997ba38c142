// Workers of the adapter measurement: the Nest app (platform-express), with and without @corral/nest.
import 'reflect-metadata';
import { ClusterModule } from '@corral/nest';
import { Controller, Get, Header, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WORKER_HEADER, workerName } from './http-app.mjs';

/** Nest's own log lines at start are no part of what is measured. */
export const nestOptions = { logger: ['error', 'warn'] };

class AppController {
  root() {
    return { hello: 'world' };
  }
}

// Decorators without their syntax, which plain JavaScript does not have yet.
const root = Object.getOwnPropertyDescriptor(AppController.prototype, 'root');
Get()(AppController.prototype, 'root', root);
Header(WORKER_HEADER, workerName)(AppController.prototype, 'root', root);
Controller()(AppController);

/** @param {{ withAdapter: boolean }} settings */
export function createAppModule({ withAdapter }) {
  class AppModule {}
  Module({
    imports: withAdapter ? [ClusterModule.forRoot()] : [],
    controllers: [AppController],
  })(AppModule);
  return AppModule;
}

/** The app without @corral/nest. @param {{ port: number, host: string }} settings */
export async function startNest({ port, host }) {
  const app = await NestFactory.create(createAppModule({ withAdapter: false }), nestOptions);
  await app.listen(port, host);
}
