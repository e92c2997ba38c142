// Any process: what has to happen in Redis in one step, in Lua. Every script works on one key, so each
// runs in a Redis Cluster too, and changes something only in its last step, so that one that fails has
// changed nothing.
//
// Versions are made by whoever writes (stored-value.ts), so that writing costs no more than it has to.
// Fencing tokens are Redis's time in microseconds, but always above the previous one of the lease. They keep
// growing when a lease was lost in a restart, without anything being kept of it. As numbers of that size do
// not survive Lua's own formatting, scripts write them with string.format.
import { DATA_AT, KIND_AT, VERSION_DIGITS } from './stored-value.js';

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  // An import of it as an ES module would load WebCrypto too, which processes that start should not pay for.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Sets to a whole value, with its version; ttl '0' is for ever. */
const write = `
local function write(value, ttl)
  if ttl == '0' then
    redis.call('SET', KEYS[1], value)
  else
    redis.call('SET', KEYS[1], value, 'PX', ttl)
  end
end
`;

/** → { value, ms to live }, or nothing */
export const getEntryScript: Script = script(`
local value = redis.call('GET', KEYS[1])
return value and { value, redis.call('PTTL', KEYS[1]) }
`);

/** Makes a key live for ever → 1, or 0 when it is not there */
export const persistScript: Script = script(`
redis.call('PERSIST', KEYS[1])
return redis.call('EXISTS', KEYS[1])
`);

const maxInteger = Number.MAX_SAFE_INTEGER;

/**
 * by, ttl of a new key, new version → { value, ms to live }, or 'type' when the value is no whole number, or
 * 'range' when the sum is not one that doubles hold exactly
 */
export const incrementScript: Script = script(`${write}
local stored = redis.call('GET', KEYS[1])
local value = tonumber(ARGV[1])
if stored then
  local before = string.sub(stored, ${KIND_AT + 1}, ${KIND_AT + 1}) == 'n' and tonumber(string.sub(stored, ${DATA_AT + 1}))
  if not before or before % 1 ~= 0 or math.abs(before) > ${maxInteger} then return 'type' end
  value = before + value
  if math.abs(value) > ${maxInteger} then return 'range' end
end
local text = string.format('%.0f', value)
local new = ARGV[3] .. ' n ' .. text
if stored then
  redis.call('SET', KEYS[1], new, 'KEEPTTL')
else
  write(new, ARGV[2])
end
return { text, redis.call('PTTL', KEYS[1]) }
`);

/**
 * expected version ('' when the key is not to be there), new value, ttl → 1 when it was set, otherwise
 * { value, ms to live }, or nothing when the key is not there
 */
export const compareAndSetScript: Script = script(`${write}
if redis.call('GETRANGE', KEYS[1], 0, ${VERSION_DIGITS - 1}) == ARGV[1] then
  write(ARGV[2], ARGV[3])
  return 1
end
local value = redis.call('GET', KEYS[1])
return value and { value, redis.call('PTTL', KEYS[1]) }
`);

// A lease is a hash of `owner`, `token` and `until` (ms since 1970). It stays for a while after it has
// ended, so that its token is not given again when Redis's clock is set back meanwhile.
const keepTokenMs = 24 * 60 * 60 * 1000;
const lease = `
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local owner, token, until_ms = unpack(redis.call('HMGET', KEYS[1], 'owner', 'token', 'until'))
local is_held = owner and owner ~= '' and tonumber(until_ms) > now_ms
local function hold(new_owner, new_token, ttl)
  local new_until = string.format('%.0f', now_ms + ttl)
  redis.call('HSET', KEYS[1], 'owner', new_owner, 'token', new_token, 'until', new_until)
  redis.call('PEXPIRE', KEYS[1], ttl + ${keepTokenMs})
end
`;

const nextToken = `
local function above(previous)
  local now = string.format('%d%06d', time[1], time[2])
  if (tonumber(previous) or 0) < tonumber(now) then return now end
  return string.format('%.0f', tonumber(previous) + 1)
end
`;

/** owner, ttl → token, or nothing when somebody else holds it */
export const acquireLeaseScript: Script = script(`${lease}${nextToken}
if is_held and owner ~= ARGV[1] then return false end
if not is_held then token = above(token) end
hold(ARGV[1], token, tonumber(ARGV[2]))
return tonumber(token)
`);

/** owner, ttl → 1, or 0 when it is lost */
export const renewLeaseScript: Script = script(`${lease}
if not is_held or owner ~= ARGV[1] then return 0 end
hold(ARGV[1], token, tonumber(ARGV[2]))
return 1
`);

/** owner */
export const releaseLeaseScript: Script = script(`${lease}
if owner == ARGV[1] then redis.call('HSET', KEYS[1], 'owner', '') end
return 0
`);
