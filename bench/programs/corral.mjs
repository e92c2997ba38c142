// The contestants "Corral": the minimal app under bootstrap(), both roles.
import { bootstrap } from '@corral/core';
import { createApp } from '../apps/http-app.mjs';
import { corralOptions, reloadOnRequest } from './corral-options.mjs';
import { host, port } from './settings.mjs';

const cluster = await bootstrap(() => {
  createApp().listen(port, host);
}, corralOptions);
reloadOnRequest(cluster);
