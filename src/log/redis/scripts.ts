import { createHash } from 'node:crypto';

/** @internal A script, and the name a server knows it by. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

/*
 * Every script works on KEYS[1], the hash of a stream, and KEYS[2], its chunks. Chunk n is the entry 0-<n + 1> (there is no
 * 0-0): its number needs no keeping beside it, any number is found at once, and Redis itself refuses one that goes back.
 * Fields of the hash: life, config, createdAt, ttlMs; first, next, size, lastChunkAt; status, reason, endedAt, endedBy;
 * producers, and for each of them p:<id> with "<epoch>:<next>".
 */

/** Numbers as text: Lua writes large ones as powers of ten. */
const text = `local function text(n) return string.format('%.0f', n) end`;

/**
 * @internal Creates a stream. ARGV: life, configuration, ttlMs or ''. Answers the life of the stream, whether it is one
 * of another configuration, and the time.
 */
export const createScript = script(`
${text}
local known = redis.call('HMGET', KEYS[1], 'life', 'config')
local time = redis.call('TIME')
local now = text(time[1] * 1000 + math.floor(time[2] / 1000))
if known[1] then return {known[1], known[2] == ARGV[2] and 0 or 1, now} end
redis.call('HSET', KEYS[1], 'life', ARGV[1], 'config', ARGV[2], 'createdAt', now, 'first', 0, 'next', 0, 'size', 0)
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'ttlMs', ARGV[3]) end
redis.call('DEL', KEYS[2])
return {ARGV[1], 0, now}
`);

/**
 * @internal Decides on appends and keeps them, one after the other, as `admit` of admission.ts would: all of a stream's
 * that wait go in one call. ARGV: channel, ttlMs, maxChunks, maxProducers, maxChunkBytes; then for each append producer or
 * '', epoch, seq, status or '', reason or '', token, count, and for each chunk its head, its size and, where the size
 * begins with b, its bytes.
 *
 * Answers false where there is no stream; otherwise its life, when it expires or false, and for each append
 * {first, next, duplicates, ended}, or {-1, epoch, next, status, reason} where `admit` refuses, {-2} for a producer too
 * many, {-3, index, length} for a chunk too large. The first write is one that Redis refuses when its memory is full, so
 * that it refuses all of them.
 */
export const appendScript = script(`
${text}
local info, chunks = KEYS[1], KEYS[2]
local known = redis.call('HMGET', info, 'life', 'next', 'first', 'size', 'status', 'reason', 'ttlMs', 'producers', 'endedBy')
if not known[1] then return false end
local next, first, size = tonumber(known[2]), tonumber(known[3]), tonumber(known[4])
local status, reason, endedBy = known[5], known[6], known[9]
local producerCount = tonumber(known[8] or 0)
local maxChunks, maxProducers, maxChunkBytes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local before, producers, fields, ended = next, {}, {}, false
local at = 6

local function find(id)
  if id == '' then return nil end
  if producers[id] == nil then
    local value = redis.call('HGET', info, 'p:' .. id)
    local epoch, expected
    if value then epoch, expected = string.match(value, '^(%d+):(%d+)$') end
    producers[id] = {epoch = tonumber(epoch), next = tonumber(expected)}
  end
  return producers[id]
end

local function length(index, at)
  local head, bytes = #ARGV[at], 0
  if string.sub(ARGV[at + 1], 1, 1) == 'b' then bytes = #ARGV[at + 2] end
  return head + bytes
end

local function step(at)
  return string.sub(ARGV[at + 1], 1, 1) == 'b' and 3 or 2
end

local function append()
  local id, epoch, seq, close = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
  local why, token, count = ARGV[at + 4], ARGV[at + 5], tonumber(ARGV[at + 6])
  at = at + 7
  local chunk = at
  for i = 1, count do at = at + step(at) end
  local producer = find(id)
  local function refuse()
    return {-1, producer and producer.epoch or false, producer and producer.next or false, status, reason}
  end
  local expected = 0
  if producer and producer.epoch then
    if epoch < producer.epoch then return refuse() end
    if epoch == producer.epoch then expected = producer.next end
  end
  local duplicates = math.min(count, math.max(0, expected - seq))
  if status then
    if duplicates < count or seq > expected or (close ~= '' and close ~= status) then return refuse() end
  elseif seq > expected then
    return refuse()
  end
  if producer and not producer.epoch and producerCount >= maxProducers then return {-2} end
  for i = 1, duplicates do chunk = chunk + step(chunk) end
  local probe = chunk
  for i = duplicates + 1, count do
    local bytes = length(i, probe)
    if bytes > maxChunkBytes then return {-3, i - 1, bytes} end
    probe = probe + step(probe)
  end
  local start = next
  for i = duplicates + 1, count do
    next = next + 1
    local entry, value = '0-' .. text(next), ARGV[chunk + 1]
    if string.sub(value, 1, 1) == 'b' then
      value = string.sub(value, 2)
      redis.call('XADD', chunks, entry, 'head', ARGV[chunk], 'size', value, 'bytes', ARGV[chunk + 2])
      chunk = chunk + 3
    else
      redis.call('XADD', chunks, entry, 'head', ARGV[chunk], 'size', value)
      chunk = chunk + 2
    end
    size = size + tonumber(value)
  end
  if producer then
    if not producer.epoch then producerCount = producerCount + 1 end
    local after = seq + count
    if producer.epoch == epoch then after = math.max(producer.next, after) end
    producer.epoch, producer.next, producer.changed = epoch, after, true
  end
  local ends = 0
  if close ~= '' then
    if not status then
      status, reason, endedBy, ended = close, why ~= '' and string.sub(why, 2) or false, token, true
    end
    if endedBy == token then ends = 1 end
  end
  return {start, next, duplicates, ends}
end

local answer = {known[1], false}
while at <= #ARGV do answer[#answer + 1] = append() end

local function set(field, value)
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for id, producer in pairs(producers) do
  if producer.changed then set('p:' .. id, text(producer.epoch) .. ':' .. text(producer.next)) end
end
if producerCount ~= tonumber(known[8] or 0) then set('producers', text(producerCount)) end
if next > before then
  set('next', text(next))
  set('size', text(size))
  set('lastChunkAt', text(now))
  if next - first > maxChunks then
    first = next - maxChunks
    set('first', text(first))
    redis.call('XTRIM', chunks, 'MINID', '0-' .. text(first + 1))
  end
end
if ended then
  set('status', status)
  if reason then set('reason', reason) end
  set('endedAt', text(now))
  set('endedBy', endedBy)
end
if #fields > 0 then redis.call('HSET', info, unpack(fields)) end
if ended then
  local ttl = known[7] or ARGV[2]
  if ttl ~= 'Infinity' then
    local expiresAt = text(now + ttl)
    redis.call('PEXPIREAT', info, expiresAt)
    redis.call('PEXPIREAT', chunks, expiresAt)
    answer[2] = expiresAt
  end
end
if next > before or ended then redis.call('PUBLISH', ARGV[1], '') end
return answer
`);

/**
 * @internal Reads chunks. ARGV: from, at most so many, at most so many bytes. Answers false where there is no stream;
 * otherwise from, next, status or false, reason or false, how many chunks, how many should be there, and for each its head,
 * its size, and its bytes or false.
 */
export const readScript = script(`
${text}
local known = redis.call('HMGET', KEYS[1], 'first', 'next', 'status', 'reason')
if not known[2] then return false end
local next = tonumber(known[2])
local from = math.max(tonumber(ARGV[1]), tonumber(known[1]))
local wanted, room = math.min(tonumber(ARGV[2]), next - from), tonumber(ARGV[3])
local answer = {from, next, known[3], known[4], 0, wanted}
local at, page = from, 16
while answer[5] < wanted do
  local count = math.min(page, wanted - answer[5])
  local entries = redis.call('XRANGE', KEYS[2], '0-' .. text(at + 1), '+', 'COUNT', count)
  for _, entry in ipairs(entries) do
    local fields = entry[2]
    local head, size, bytes = fields[2], fields[4], fields[6]
    room = room - #head - (bytes and #bytes or 0)
    if entry[1] ~= '0-' .. text(at + 1) or room < 0 and answer[5] > 0 then
      if answer[5] > 0 then answer[6] = answer[5] end
      return answer
    end
    at = at + 1
    answer[5] = answer[5] + 1
    answer[#answer + 1] = head
    answer[#answer + 1] = tonumber(size)
    answer[#answer + 1] = bytes or false
  end
  if #entries < count then return answer end
  page = page * 4
end
return answer
`);

/** @internal Forgets chunks. ARGV: channel, before. Answers whether there is a stream. */
export const trimScript = script(`
${text}
local known = redis.call('HMGET', KEYS[1], 'first', 'next')
if not known[2] then return 0 end
local before = math.min(tonumber(ARGV[2]), tonumber(known[2]))
if before <= tonumber(known[1]) then return 1 end
redis.call('HSET', KEYS[1], 'first', text(before))
redis.call('XTRIM', KEYS[2], 'MINID', '0-' .. text(before + 1))
redis.call('PUBLISH', ARGV[1], '')
return 1
`);

/** @internal Removes a stream. ARGV: channel. Answers the life of the stream, or false where there is none. */
export const deleteScript = script(`
local life = redis.call('HGET', KEYS[1], 'life')
if redis.call('DEL', KEYS[1], KEYS[2]) > 0 then redis.call('PUBLISH', ARGV[1], '') end
return life
`);

function script(source: string): RedisScript {
  const body = source.trim();
  return { text: body, sha: createHash('sha1').update(body).digest('hex') };
}
