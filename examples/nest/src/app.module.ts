// Any process: the root module, with the options of bootstrap() on it.
import { readSettings } from '@corral/example-shared';
import { ClusterBootstrap, ClusterModule } from '@corral/nest';
import { Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppController } from './app.controller.js';

export const settings = readSettings();

@ClusterBootstrap({
  workers: 'auto',
  // Instead of every second, so that /count is less behind.
  heartbeatMs: 250,
  ...settings,
  adapter: () => new FastifyAdapter(),
  nest: { logger: ['warn', 'error', 'fatal'] },
})
@Module({ imports: [ClusterModule.forRoot()], controllers: [AppController] })
export class AppModule {}
