// Any process: a Nest app on every core. The primary runs this file as well, but creates no application.
import 'reflect-metadata';
import { adminOptions, config, printBanner, stateOptions } from '@corral/example-shared';
import { bootstrap } from '@corral/nest';
import { AppModule, settings } from './app.module.js';

const cluster = await bootstrap(AppModule, {
  config,
  ...adminOptions(),
  ...(await stateOptions()),
});

await printBanner('Nest', cluster, settings);
