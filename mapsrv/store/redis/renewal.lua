-- Stands before what renews a session: all four keys to one moment. Returns whether this release may.
-- That of a newer release is left alone: it may have more keys, and none may outlive the others.
local function renewed(keys, format, seconds, unchanged)
  local found = redis.call('HMGET', keys[1], 'format', 'revision')
  if (tonumber(found[1]) or 0) > tonumber(format) then return false end
  local at = redis.call('TIME')[1] + (found[2] ~= '0' and seconds or unchanged)
  for _, key in ipairs(keys) do redis.call('EXPIREAT', key, at) end
  return true
end
