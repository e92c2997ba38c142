// Thread: hashes passwords, which is slow on purpose.
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** About 16 MiB and 50 ms each. */
const COST = { N: 16_384, r: 8, p: 1 };

export function hash(password: string): string {
  const salt = randomBytes(16);
  return `${salt.toString('hex')}:${derive(password, salt).toString('hex')}`;
}

export function verify(password: string, stored: string): boolean {
  const [salt = '', key = ''] = stored.split(':');
  const expected = Buffer.from(key, 'hex');
  const actual = derive(password, Buffer.from(salt, 'hex'));
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function derive(password: string, salt: Buffer): Buffer {
  return scryptSync(password, salt, 32, COST);
}
