-- An empty session, unless anything stands under one of its keys. Returns 1 when it is written.
-- KEYS  meta, state, log, keys
-- ARGV  epoch, revision, hash, format, seconds kept
if redis.call('EXISTS', unpack(KEYS)) > 0 then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'revision', ARGV[2], 'hash', ARGV[3], 'format', ARGV[4],
  'base', ARGV[2], 'base_hash', ARGV[3], 'size', 0, 'keys', 0, 'parts', 0)
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
