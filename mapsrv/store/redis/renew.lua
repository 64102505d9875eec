-- Renew the time of a session, all four keys to one moment. Returns its meta, empty when it is unknown.
-- That of a newer release is left alone: it may have more keys, and none may outlive the others.
-- KEYS  meta, state, log, keys
-- ARGV  seconds kept, seconds kept while unchanged, format
local meta = redis.call('HGETALL', KEYS[1])
if #meta > 0 and (tonumber(redis.call('HGET', KEYS[1], 'format')) or 0) <= tonumber(ARGV[3]) then
  local changed = redis.call('HGET', KEYS[1], 'revision') ~= '0'
  local at = redis.call('TIME')[1] + (changed and ARGV[1] or ARGV[2])
  for _, key in ipairs(KEYS) do redis.call('EXPIREAT', key, at) end
end
return meta
