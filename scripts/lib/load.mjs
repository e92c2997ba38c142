// A small HTTP load: some connections are kept, some are new for every request, as real clients do.
import { Agent, get } from 'node:http';

/**
 * Sends requests to `url` for `durationMs`, `connections` at a time.
 * @returns {Promise<{ served: Map<string, number>, errors: Map<string, number>, requests: number, failed: number }>}
 *   `served` counts the answers of each worker, `errors` what went wrong
 */
export async function sendLoad({ url, durationMs, connections, workerOf }) {
  const result = { served: new Map(), errors: new Map(), requests: 0, failed: 0 };
  const endMs = performance.now() + durationMs;
  const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
  const client = async (keepAlive) => {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (performance.now() < endMs) {
      result.requests += 1;
      try {
        add(result.served, workerOf(await request(url, agent)));
      } catch (error) {
        result.failed += 1;
        add(result.errors, error.code ?? error.message);
      }
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => client(index % 2 === 0)));
  return result;
}

/** @returns {Promise<string>} the body of a 2xx answer */
function request(url, agent) {
  return new Promise((resolve, reject) => {
    const sent = get(url, { agent, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (body += chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode } = response;
        if (statusCode >= 200 && statusCode < 300) resolve(body);
        else reject(new Error(`HTTP ${statusCode}`));
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in 10 s')));
    sent.on('error', reject);
  });
}
