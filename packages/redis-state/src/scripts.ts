// Any process: what has to happen in Redis in one step, in Lua. Every script works on one key, so each
// runs in a Redis Cluster too, and changes something only in its last step, so that one that fails has
// changed nothing.
//
// Versions and fencing tokens are Redis's time in microseconds, but always above the previous one of the
// key. They keep growing when the key is deleted, has expired, or was lost in a restart, without anything
// being kept of it. As numbers of that size do not survive Lua's own formatting, scripts write them with
// string.format.
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

/** As texts of equal length, versions are compared without being parsed. */
const nextVersion = `
local time = redis.call('TIME')
local now = string.format('%0${VERSION_DIGITS - 6}d%06d', time[1], time[2])
local function above(previous)
  if not previous or previous < now then return now end
  return string.format('%0${VERSION_DIGITS}.0f', (tonumber(previous) or 0) + 1)
end
`;

/** Writes a value with its version; ttl '0' is for ever. */
const write = `
local function write(version, data, ttl)
  local value = version .. ' ' .. data
  if ttl == 'keep' then
    redis.call('SET', KEYS[1], value, 'KEEPTTL')
  elseif ttl == '0' then
    redis.call('SET', KEYS[1], value)
  else
    redis.call('SET', KEYS[1], value, 'PX', ttl)
  end
end
`;

/** data, ttl → version */
export const setScript: Script = script(`${nextVersion}${write}
local version = above(redis.call('GETRANGE', KEYS[1], 0, ${VERSION_DIGITS - 1}))
write(version, ARGV[1], ARGV[2])
return tonumber(version)
`);

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
 * by, ttl of a new key → { value, ms to live }, or 'type' when the value is no whole number, or 'range'
 * when the sum is not one that doubles hold exactly
 */
export const incrementScript: Script = script(`${nextVersion}${write}
local stored = redis.call('GET', KEYS[1])
local value = tonumber(ARGV[1])
local ttl = ARGV[2]
if stored then
  local before = string.sub(stored, ${KIND_AT + 1}, ${KIND_AT + 1}) == 'n' and tonumber(string.sub(stored, ${DATA_AT + 1}))
  if not before or before % 1 ~= 0 or math.abs(before) > ${maxInteger} then return 'type' end
  value = before + value
  if math.abs(value) > ${maxInteger} then return 'range' end
  ttl = 'keep'
end
local text = string.format('%.0f', value)
write(above(stored and string.sub(stored, 1, ${VERSION_DIGITS})), 'n ' .. text, ttl)
return { text, redis.call('PTTL', KEYS[1]) }
`);

/**
 * expected version ('0': not there), data, ttl → { version } when it was set, otherwise
 * { 0 } or { 0, value, ms to live }
 */
export const compareAndSetScript: Script = script(`${nextVersion}${write}
local current = redis.call('GETRANGE', KEYS[1], 0, ${VERSION_DIGITS - 1})
if (tonumber(current) or 0) ~= tonumber(ARGV[1]) then
  if current == '' then return { 0 } end
  return { 0, redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }
end
local version = above(current)
write(version, ARGV[2], ARGV[3])
return { tonumber(version) }
`);

// A lease is a hash of `owner`, `token` and `until` (ms since 1970). It stays for a while after it has
// ended, so that its token is not given again when Redis's clock is set back meanwhile.
const keepTokenMs = 24 * 60 * 60 * 1000;
const lease = `${nextVersion}
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local owner, token, until_ms = unpack(redis.call('HMGET', KEYS[1], 'owner', 'token', 'until'))
local is_held = owner and owner ~= '' and tonumber(until_ms) > now_ms
local function hold(new_owner, new_token, ttl)
  local new_until = string.format('%.0f', now_ms + ttl)
  redis.call('HSET', KEYS[1], 'owner', new_owner, 'token', new_token, 'until', new_until)
  redis.call('PEXPIRE', KEYS[1], ttl + ${keepTokenMs})
end
`;

/** owner, ttl → token, or nothing when somebody else holds it */
export const acquireLeaseScript: Script = script(`${lease}
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
