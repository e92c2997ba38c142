// Any process of an example: the secret that session cookies are signed with, from the environment.
import { randomBytes } from 'node:crypto';
import { fail } from './fail.js';

const MIN_LENGTH = 32;

/**
 * `SESSION_SECRET`, at least 32 characters; several with commas between them rotate, the newest first.
 * Without one, a new one is made for this run of the program, and its workers inherit it.
 *
 * Ends the process with a message, and code 1, when the secret is too short, or missing where several
 * machines need the same.
 */
export function readSessionSecret(env: NodeJS.ProcessEnv = process.env): string[] {
  const { SESSION_SECRET: secret, REDIS_URL: redisUrl } = env;
  if (secret === undefined || secret === '') {
    if (redisUrl !== undefined && redisUrl !== '') {
      fail(
        `SESSION_SECRET is not set; with REDIS_URL all who share the sessions need the same, such as ${newSecret()}`,
      );
    }
    env['SESSION_SECRET'] = newSecret();
    return [env['SESSION_SECRET']];
  }
  const secrets = secret.split(',');
  if (secrets.some((each) => each.length < MIN_LENGTH)) {
    fail(
      `SESSION_SECRET is too short; expected at least ${MIN_LENGTH} characters, such as ${newSecret()}`,
    );
  }
  return secrets;
}

function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
