// The contestant Watt, in each of its worker threads: hands the minimal app to Watt, which listens.
import { createApp } from '../../apps/http-app.mjs';

export function create() {
  return createApp();
}
