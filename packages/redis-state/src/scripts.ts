// Any process: what has to happen in Redis in one step, in Lua. With one key every script runs in a Redis
// Cluster too. What is done with a key changes something only in its last step, so that what fails has
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

const maxInteger = Number.MAX_SAFE_INTEGER;

/**
 * Operations on one key each, in order, one for every key: what one turn of the event loop has for a server.
 * ARGV has for each its name and what it takes, as the functions below read it. → for each what it has
 * answered, in two places, the second empty where it has one answer: an array for each would cost more than all
 * the rest. One that fails answers its error, and stops no other.
 */
export const operationsScript: Script = script(`
local at = 0
local function argument()
  at = at + 1
  return ARGV[at]
end

local function call(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then error(reply, 0) end
  return reply
end

-- Redis asks for room before the first thing that a script changes, and then no more: a delete or touch would let
-- all that comes after it go beyond maxmemory. So it is asked before, by what changes nothing.
local probe = #KEYS > 1 and redis.pcall('SETRANGE', KEYS[1], 0, '')
local is_full = type(probe) == 'table' and probe.err and string.find(probe.err, 'OOM command not allowed', 1, true)

local function set(...)
  if is_full then error(probe, 0) end
  call('SET', ...)
end

-- ttl '0' is for ever
local function write(key, value, ttl)
  if ttl == '0' then
    set(key, value)
  else
    set(key, value, 'PX', ttl)
  end
end

-- value, ms to live; or nothing
local function entry(key)
  local value = call('GET', key)
  if not value then return false end
  return value, call('PTTL', key)
end

local operations = { getEntry = entry }

function operations.get(key)
  return call('GET', key)
end

function operations.set(key)
  local value, ttl = argument(), argument()
  write(key, value, ttl)
  return 1
end

function operations.has(key)
  return call('EXISTS', key)
end

function operations.delete(key)
  return call('UNLINK', key)
end

function operations.touch(key)
  local ttl = argument()
  if ttl ~= '0' then return call('PEXPIRE', key, ttl) end
  call('PERSIST', key)
  return call('EXISTS', key)
end

-- by, ttl of a new key, new version → value, ms to live; or 'type' when the value is no whole number, or
-- 'range' when the sum is not one that doubles hold exactly
function operations.increment(key)
  local by, ttl, version = argument(), argument(), argument()
  local stored = call('GET', key)
  local value = tonumber(by)
  if stored then
    local before = string.sub(stored, ${KIND_AT + 1}, ${KIND_AT + 1}) == 'n' and tonumber(string.sub(stored, ${DATA_AT + 1}))
    if not before or before % 1 ~= 0 or math.abs(before) > ${maxInteger} then return 'type' end
    value = before + value
    if math.abs(value) > ${maxInteger} then return 'range' end
  end
  local text = string.format('%.0f', value)
  local new = version .. ' n ' .. text
  if stored then
    set(key, new, 'KEEPTTL')
  else
    write(key, new, ttl)
  end
  return text, call('PTTL', key)
end

-- expected version ('' when the key is not to be there), new value, ttl → 1 when it was set, otherwise the
-- entry as it is
function operations.compareAndSet(key)
  local expected, value, ttl = argument(), argument(), argument()
  if call('GETRANGE', key, 0, ${VERSION_DIGITS - 1}) ~= expected then return entry(key) end
  write(key, value, ttl)
  return 1
end

local replies = {}
for number, key in ipairs(KEYS) do
  local is_done, reply, second = pcall(operations[argument()], key)
  if not is_done and type(reply) ~= 'table' then reply = { err = 'ERR ' .. tostring(reply) } end
  -- Of a server that has become a replica the client has to hear; nothing was written here.
  if not is_done and string.find(reply.err, '^READONLY') then return reply end
  replies[2 * number - 1] = reply
  replies[2 * number] = second or false
end
return replies
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
