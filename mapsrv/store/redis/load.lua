-- Sessions, each whole as it stands at one moment, and renewed. Of a newer format the meta alone. As many as
-- the reply has room for, the first in any case: nil stands for one to be asked for again, so that neither
-- Redis nor who asks is long at one call.
-- KEYS  meta, state, log, keys of each session
-- ARGV  format, seconds kept, seconds kept while unchanged, most events of a log, bytes of the reply
-- Of each session {lengths of meta, meta, of state, state, of events, events, keys}, since a client takes a
-- hundred times as long for thousands of values as for one. Values are put in a row; an event is id, key,
-- record, blobs and body with NUL between, the id alone where one of those is missing; keys have NUL between,
-- which no key and no record has. Of one that cannot be read: {number of the key, error}.
local SOME = 400 -- strings joined at once: of thousands the time grows faster than their number

local function joined(values, between)
  local parts = {}
  for i = 1, #values, SOME do parts[#parts + 1] = table.concat(values, between, i, math.min(i + SOME - 1, #values)) end
  return table.concat(parts, between)
end

local function row(values)
  local lengths = {}
  for i, value in ipairs(values) do lengths[i] = #value end
  return joined(lengths, ' '), joined(values, '')
end

local function publications(events)
  local found = {}
  for i, event in ipairs(events) do
    local of, fields = {}, event[2]
    for at = 1, #fields, 2 do of[fields[at]] = fields[at + 1] end
    local whole = of.key and of.record and of.blobs and of.body
    found[i] = whole and table.concat({event[1], of.key, of.record, of.blobs, of.body}, '\0') or event[1]
  end
  return found
end

local READS = {{'HGETALL'}, {'HGETALL'}, {'XRANGE', '-', '+', 'COUNT', ARGV[4]}, {'HGETALL'}}

local function session(keys)
  local found = {}
  for i, read in ipairs(READS) do
    found[i] = redis.pcall(read[1], keys[i], unpack(read, 2))
    if found[i].err then return {i, found[i].err}, 0 end
    if i == 1 and #found[1] > 0 and not renewed(keys, ARGV[1], ARGV[2], ARGV[3]) then
      return {row(found[1])}, 0
    end
  end
  local meta_lengths, meta = row(found[1])
  local state_lengths, state = row(found[2])
  local event_lengths, events = row(publications(found[3]))
  local known = joined(found[4], '\0')
  return {meta_lengths, meta, state_lengths, state, event_lengths, events, known}, #state + #events + #known
end

local replies, size = {}, 0
for i = 1, #KEYS, 4 do
  if size < tonumber(ARGV[5]) then
    local bytes
    replies[#replies + 1], bytes = session({unpack(KEYS, i, i + 3)})
    size = size + bytes
  else
    replies[#replies + 1] = false
  end
end
return replies
