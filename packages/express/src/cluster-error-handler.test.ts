import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CorralError } from '@corral/core';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { clusterErrorHandler } from './cluster-error-handler.js';

it('answers without what the response that has failed said of its body', async () => {
  const app = express();
  app.get('/', (_req, res) => {
    res.set({ 'content-length': '3', 'content-encoding': 'gzip', etag: '"a"', 'x-own': 'kept' });
    throw new CorralError('OFFLOAD_TIMEOUT', 'late');
  });
  app.use(clusterErrorHandler());
  const server = app.listen(0);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const body = await response.text();
  expect(response.status).toBe(504);
  expect(JSON.parse(body)).toMatchObject({ code: 'OFFLOAD_TIMEOUT' });
  const headers = Object.fromEntries(response.headers);
  expect(headers).toMatchObject({ 'content-length': String(body.length), 'x-own': 'kept' });
  expect(headers).not.toHaveProperty('content-encoding');
  expect(headers).not.toHaveProperty('etag');
});
