-- The blobs that a session's kept events name, as they stand there. Reads what any release wrote.
-- KEYS  log
-- ARGV  most events to read
local found = {}
if redis.call('TYPE', KEYS[1]).ok ~= 'stream' then return found end
for _, event in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])) do
  local fields = event[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'blobs' and fields[i + 1] ~= '' then found[#found + 1] = fields[i + 1] end
  end
end
return found
