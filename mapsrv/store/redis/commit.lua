-- One batch of one session: all of it or nothing. It compares heads and keys, and judges nothing.
-- What a newer release has written is neither read nor touched.
-- KEYS  meta, state, log, keys
-- ARGV  channel, format, seconds kept, seconds kept while unchanged, MAX_EVENTS, MAX_BYTES, MAX_KEYS,
--       epoch, revision, hash of the head that the batch follows, number of entries, then
--       of each entry: key, hash, record, blobs, body; of each component: name, "put" or "drop", blobs, value
local meta, state, log, keys = unpack(KEYS)
local call, last = redis.call, 11 + 5 * ARGV[11]
local format = tonumber(redis.pcall('HGET', meta, 'format'))
if format and format > tonumber(ARGV[2]) then return {'NEWER', tostring(format)} end
-- What is damaged is found before the first write: an error later would leave half a batch.
for i, kind in ipairs({'hash', 'hash', 'stream', 'hash'}) do
  local found = call('TYPE', KEYS[i]).ok
  if found ~= kind and found ~= 'none' then return {'TORN', i, 'is of another type'} end
end
local head = call('HMGET', meta, 'epoch', 'revision', 'hash', 'base', 'base_hash', 'size', 'keys', 'parts')
if not head[1] then return call('EXISTS', unpack(KEYS)) > 0 and {'TORN', 1, 'is gone'} or {'UNKNOWN'} end
local done = {'DONE'}
for i = 12, last, 5 do
  local record = call('HGET', keys, 'key:' .. ARGV[i])
  if record then done[#done + 1] = ARGV[i]; done[#done + 1] = record end
end
if #done > 1 then return done end
local follows = head[1] == ARGV[8] and head[2] == ARGV[9] and head[3] == ARGV[10]
if not follows then return {'MOVED', head[1], head[2], head[3], news_after(log, head, ARGV[8], ARGV[9], ARGV[10])} end
if #ARGV == last and last == 11 then return {'OK'} end
local revision, base, size, nth = tonumber(head[2]), tonumber(head[4]), tonumber(head[6]), tonumber(head[7])
local hash, base_hash, known = head[3], head[5], call('HLEN', keys)
if not (format and revision and base and size and nth) then return {'TORN', 1, 'does not parse'} end
if call('HLEN', state) ~= tonumber(head[8]) then return {'TORN', 2, 'does not have all its parts'} end
if call('XLEN', log) ~= revision - base then return {'TORN', 3, 'does not end where the map stands'} end
if known % 2 ~= 0 or known == 0 and nth > 0 then return {'TORN', 4, 'does not have all its keys'} end

for i = 12, last, 5 do
  local key, record, blobs, body = ARGV[i], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  revision, hash, size, nth = revision + 1, ARGV[i + 1], size + #body, nth + 1
  call('XADD', log, revision .. '-0', 'key', key, 'hash', hash, 'record', record, 'blobs', blobs, 'body', body)
  call('HSET', keys, 'key:' .. key, record, 'nth:' .. nth, key)
  local old = call('HGET', keys, 'nth:' .. nth - ARGV[7])
  if old then call('HDEL', keys, 'key:' .. old, 'nth:' .. nth - ARGV[7]) end
  call('PUBLISH', ARGV[1], table.concat({ARGV[2], key, record, blobs, body}, '\0'))
end
while revision - base > tonumber(ARGV[5]) or size > tonumber(ARGV[6]) do
  local oldest = call('XRANGE', log, base + 1, base + 1)[1]
  if not oldest or not oldest[2][10] then break end
  base, base_hash, size = base + 1, oldest[2][4], size - #oldest[2][10]
end
call('XTRIM', log, 'MAXLEN', revision - base)
for i = last + 1, #ARGV, 4 do
  local name, put, blobs, value = ARGV[i], ARGV[i + 1] == 'put', ARGV[i + 2], ARGV[i + 3]
  if put then call('HSET', state, name, value) else call('HDEL', state, name) end
  if put and blobs ~= '' then call('HSET', meta, 'blobs:' .. name, blobs)
  else call('HDEL', meta, 'blobs:' .. name) end
end
call('HSET', meta, 'format', ARGV[2], 'revision', revision, 'hash', hash, 'base', base, 'base_hash', base_hash,
  'size', size, 'keys', nth, 'parts', call('HLEN', state))
-- One moment for all four: none may outlive the others.
local at = call('TIME')[1] + (revision > 0 and ARGV[3] or ARGV[4])
for _, key in ipairs(KEYS) do call('EXPIREAT', key, at) end
return {'OK'}
