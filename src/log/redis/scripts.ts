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
 * producers, and for each of them p:<id>: <its epoch>:<the number of its next chunk>.
 */

/** Numbers as text: by itself Lua writes large ones as powers of ten, and Redis all of them as slowly as fractions. */
const text = `local function text(n) return string.format('%d', n) end`;

/**
 * @internal Creates a stream. ARGV: life, configuration, ttlMs or '', now. Answers the life of the stream, whether it is
 * one of another configuration, and the time of the server, which alone says when streams expire.
 */
export const createScript = script(`
${text}
local known = redis.call('HMGET', KEYS[1], 'life', 'config')
local time = redis.call('TIME')
local now = text(time[1] * 1000 + math.floor(time[2] / 1000))
if known[1] then return {known[1], known[2] == ARGV[2] and 0 or 1, now} end
redis.call('HSET', KEYS[1], 'life', ARGV[1], 'config', ARGV[2], 'createdAt', ARGV[4], 'first', 0, 'next', 0, 'size', 0)
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'ttlMs', ARGV[3]) end
redis.call('DEL', KEYS[2])
return {ARGV[1], 0, now}
`);

/**
 * @internal Decides on appends and keeps them, one after the other, as `admit` of admission.ts would: all of a stream's
 * that wait go in one call. ARGV: channel, now, ttlMs, maxChunks, maxProducers, maxChunkBytes; then for each append producer or
 * '', epoch, seq, status or '', reason behind a colon or '', token, a where the producer counts appends, the number the first new
 * chunk must get or '', life or '', form, count, and for each chunk its head and size and,
 * unless the form is t, 1 where it has bytes and the bytes.
 *
 * Answers false where there is no stream; otherwise false, or its life and when it expires, and for each append
 * {first, next, duplicates, ended, expected}, or {-1, epoch, expected, status, reason, next} where `admit` refuses, {-2} for a producer too
 * many, {-3, index, length} for a chunk too large, {-4} where
 * the stream is of another life. The first write is one that Redis refuses when its memory is full, so
 * that it refuses all of them. No functions and few texts, because they are most of what a script costs.
 */
export const appendScript = script(`
local info, chunks, id = KEYS[1], KEYS[2], ARGV[7]
local known = redis.call('HMGET', info, 'next', 'first', 'size', 'status', 'p:' .. id, 'life')
if not known[1] then return false end
local before, first, size = tonumber(known[1]), tonumber(known[2]), tonumber(known[3])
local next, status, reason, endedBy, producers = before, known[4], false, false, nil
if status then
  local ending = redis.call('HMGET', info, 'reason', 'endedBy')
  reason, endedBy = ending[1], ending[2]
end
local epochs, nexts, producer, changed = {}, {}, known[5], {}
local answer, ended, at, last, maxChunkBytes = {false}, false, 7, #ARGV, tonumber(ARGV[6])

while at < last do
  local id, epoch, seq, close = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
  local token, whole, where, life = ARGV[at + 5], ARGV[at + 6] == 'a', ARGV[at + 7], ARGV[at + 8]
  local step, count = ARGV[at + 9] == 't' and 2 or 4, tonumber(ARGV[at + 10])
  local why, chunk, force, expected, outcome = ARGV[at + 4], at + 11, false, 0, nil
  at = chunk + count * step
  if id ~= '' then
    if epochs[id] == nil then
      if producer == nil then producer = redis.call('HGET', info, 'p:' .. id) end
      local epoch, behind = string.match(producer or '', '(%d+):(%d+)')
      epochs[id], nexts[id], producer = tonumber(epoch) or false, tonumber(behind) or false, nil
    end
    force = epochs[id]
    if force == epoch then expected = nexts[id] end
    if not force and not producers then producers = tonumber(redis.call('HGET', info, 'producers')) or 0 end
  end
  local duplicates = 0
  if seq < expected then duplicates = whole and count or math.min(count, expected - seq) end
  local refused = force and epoch < force
  if status then
    refused = refused or duplicates < count or seq > expected or whole and seq == expected
    refused = refused or (close ~= '' and close ~= status)
  end
  local repeated = duplicates == count and seq < expected
  if life ~= '' and life ~= known[6] then
    outcome = {-4}
  elseif refused or seq > expected or (where ~= '' and not (repeated or status) and tonumber(where) ~= next) then
    outcome = {-1, force, force and nexts[id] or false, status, reason, next}
  elseif id ~= '' and not force and producers >= tonumber(ARGV[5]) then
    outcome = {-2}
  else
    for i = duplicates, count - 1 do
      local place = chunk + i * step
      local length = #ARGV[place]
      if step == 4 then length = length + #ARGV[place + 3] end
      if length > maxChunkBytes then
        outcome = {-3, i, length}
        break
      end
    end
  end
  if not outcome then
    local start = next
    for place = chunk + duplicates * step, at - 1, step do
      next = next + 1
      local entry = string.format('0-%d', next)
      if step == 4 and ARGV[place + 2] == '1' then
        redis.call('XADD', chunks, entry, 'head', ARGV[place], 'size', ARGV[place + 1], 'bytes', ARGV[place + 3])
      else
        redis.call('XADD', chunks, entry, 'head', ARGV[place], 'size', ARGV[place + 1])
      end
      size = size + ARGV[place + 1]
    end
    if id ~= '' then
      if not force then producers = producers + 1 end
      local behind = seq + (whole and 1 or count)
      if force ~= epoch or behind > expected then nexts[id] = behind end
      epochs[id], changed[id] = epoch, true
    end
    local ends = 0
    if close ~= '' then
      if not status then
        status, endedBy, ended = close, token, true
        reason = why ~= '' and string.sub(why, 2)
      end
      if endedBy == token then ends = 1 end
    end
    outcome = {start, next, duplicates, ends, id ~= '' and nexts[id] or false}
  end
  answer[#answer + 1] = outcome
end

local fields = {}
for id in pairs(changed) do
  fields[#fields + 1] = 'p:' .. id
  fields[#fields + 1] = string.format('%d:%d', epochs[id], nexts[id])
end
if producers then
  fields[#fields + 1] = 'producers'
  fields[#fields + 1] = producers
end
if ended then
  for field, value in pairs({status = status, reason = reason or nil, endedAt = ARGV[2], endedBy = endedBy}) do
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
end
if next > before then
  if next - first > tonumber(ARGV[4]) then
    first = next - tonumber(ARGV[4])
    redis.call('XTRIM', chunks, 'MINID', string.format('0-%d', first + 1))
    fields[#fields + 1] = 'first'
    fields[#fields + 1] = string.format('%d', first)
  end
  next, size = string.format('%d', next), string.format('%d', size)
  redis.call('HSET', info, 'next', next, 'size', size, 'lastChunkAt', ARGV[2], unpack(fields))
elseif #fields > 0 then
  redis.call('HSET', info, unpack(fields))
end
if ended then
  local own = redis.call('HMGET', info, 'life', 'ttlMs')
  local ttl = own[2] or ARGV[3]
  if ttl ~= 'Infinity' then
    local time = redis.call('TIME')
    local expiresAt = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + ttl)
    redis.call('PEXPIREAT', info, expiresAt)
    redis.call('PEXPIREAT', chunks, expiresAt)
    answer[1] = {own[1], expiresAt}
  end
end
if ended or tonumber(next) > before then redis.call('PUBLISH', ARGV[1], '') end
return answer
`);

/**
 * @internal Keeps appends that have nothing to be decided about, all or none: chunks, and producers that go on where they
 * were. ARGV: now, maxChunks, how many arguments each chunk has, how many fields must hold something, how many producers
 * there are; the names of those fields, one of each producer and perhaps that of the life, then for each what it must hold, then for
 * each producer the name of its field and what that holds afterwards; for each chunk its head, its size and, where there are three,
 * its bytes or ''. Answers the number of the first chunk, or false where there is
 * something to decide, and nothing was done. The channel is told: its name is that of the hash without `:info`.
 *
 * Every argument, every call and every text counts: this costs little more than half of what the other script does.
 */
export const plainAppendScript = script(`
local info, chunks, step, count = KEYS[1], KEYS[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local known = redis.call('HMGET', info, 'next', 'first', 'size', 'status', unpack(ARGV, 6, 5 + count))
local start, size = tonumber(known[1]), known[3]
-- By itself Lua writes larger ones as powers of ten.
if not start or start > 1e13 or known[4] then return false end
for i = 1, count do
  if known[4 + i] ~= ARGV[5 + count + i] then return false end
end
local next, last = start, 5 + 2 * (count + ARGV[5])
for at = last + 1, #ARGV, step do
  next = next + 1
  size = size + ARGV[at + 1]
  if step == 3 and ARGV[at + 2] ~= '' then
    redis.call('XADD', chunks, '0-' .. next, 'head', ARGV[at], 'size', ARGV[at + 1], 'bytes', ARGV[at + 2])
  else
    redis.call('XADD', chunks, '0-' .. next, 'head', ARGV[at], 'size', ARGV[at + 1])
  end
end
local first = next - ARGV[2]
if first > tonumber(known[2]) then
  redis.call('XTRIM', chunks, 'MINID', '0-' .. first + 1)
  redis.call('HSET', info, 'first', first .. '')
end
size = string.format('%d', size)
redis.call('HSET', info, 'next', next .. '', 'size', size, 'lastChunkAt', ARGV[1], unpack(ARGV, 6 + 2 * count, last))
redis.call('PUBLISH', string.sub(info, 1, -6), '')
return start
`);

/**
 * @internal Reads chunks. ARGV: from, at most so many, at most so many bytes. Answers false where there is no stream;
 * otherwise from, next, status or false, reason or false, how many chunks, how many should be there, its life, and for each its head,
 * its size, and its bytes or false.
 */
export const readScript = script(`
${text}
local known = redis.call('HMGET', KEYS[1], 'first', 'next', 'status', 'reason', 'life')
if not known[2] then return false end
local next = tonumber(known[2])
local from = math.max(tonumber(ARGV[1]), tonumber(known[1]))
local wanted, room = math.min(tonumber(ARGV[2]), next - from), tonumber(ARGV[3])
local answer = {from, next, known[3], known[4], 0, wanted, known[5]}
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

/** @internal Removes a stream. ARGV: channel, life or ''. Answers the life of the stream, or false where there is none, or another. */
export const deleteScript = script(`
local life = redis.call('HGET', KEYS[1], 'life')
if ARGV[2] ~= '' and ARGV[2] ~= life then return false end
if redis.call('DEL', KEYS[1], KEYS[2]) > 0 then redis.call('PUBLISH', ARGV[1], '') end
return life
`);

function script(source: string): RedisScript {
  const body = source.trim();
  return { text: body, sha: createHash('sha1').update(body).digest('hex') };
}
