-- A session begun anew from what a process remembers, if what stands here is still what it expects, and
-- not a newer release's.
-- KEYS  meta, state, log, keys
-- ARGV  expected epoch, revision, hash ('' for no session), epoch, revision, hash, format, from, seconds kept,
--       number of keys, then of each key: key, record; of each component: name, blobs, value
local meta, state, log, keys = unpack(KEYS)
local call, last = redis.call, 10 + 2 * ARGV[10]
local head = call('HMGET', meta, 'epoch', 'revision', 'hash', 'format')
if (tonumber(head[4]) or 0) > tonumber(ARGV[7]) then return 0 end
for i = 1, 3 do
  if (head[i] or '') ~= ARGV[i] then return 0 end
end
call('DEL', unpack(KEYS))
for i = 11, last, 2 do
  call('HSET', keys, 'key:' .. ARGV[i], ARGV[i + 1], 'nth:' .. (i - 9) / 2, ARGV[i])
end
for i = last + 1, #ARGV, 3 do
  call('HSET', state, ARGV[i], ARGV[i + 2])
  if ARGV[i + 1] ~= '' then call('HSET', meta, 'blobs:' .. ARGV[i], ARGV[i + 1]) end
end
call('HSET', meta, 'epoch', ARGV[4], 'revision', ARGV[5], 'hash', ARGV[6], 'format', ARGV[7], 'from', ARGV[8],
  'base', ARGV[5], 'base_hash', ARGV[6], 'size', 0, 'keys', ARGV[10], 'parts', call('HLEN', state))
local at = call('TIME')[1] + ARGV[9]
for _, key in ipairs(KEYS) do call('EXPIREAT', key, at) end
return 1
