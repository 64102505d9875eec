-- Renew the time of a session. Returns its meta, empty when it is unknown.
-- KEYS  meta, state, log, keys
-- ARGV  seconds kept, seconds kept while unchanged, format
local meta = redis.call('HGETALL', KEYS[1])
if #meta > 0 then renewed(KEYS, ARGV[3], ARGV[1], ARGV[2]) end
return meta
