// Any process: the root module, with the options of bootstrap() on it.
import { readSettings } from '@corral/example-shared';
import type { Settings } from '@corral/example-shared';
import { ClusterBootstrap, ClusterModule } from '@corral/nest';
import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AccountsController } from './accounts.controller.js';
import { AppController } from './app.controller.js';
import { LogLevelController } from './log-level.controller.js';
import { RequestLog } from './request-log.js';
import { addSessions } from './sessions.js';

export const settings: Settings = readSettings();

@ClusterBootstrap({
  workers: 'auto',
  ...settings,
  adapter: () => new FastifyAdapter(),
  nest: { logger: ['warn', 'error', 'fatal'] },
  configure: addSessions,
})
@Module({
  imports: [ClusterModule.forRoot()],
  controllers: [AppController, AccountsController, LogLevelController],
  providers: [{ provide: APP_INTERCEPTOR, useClass: RequestLog }],
})
export class AppModule {}
