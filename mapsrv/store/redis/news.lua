-- Stands before commit.lua: what came after a head, if that is a place of this history which the log still
-- has; so one that was overtaken need not read the whole session.
-- head  epoch, revision, hash, base, base_hash, ...
local function news_after(log, head, epoch, revision, hash)
  local place, found = tonumber(revision), head[5]
  if epoch ~= head[1] or not place then return {} end
  if place ~= tonumber(head[4]) then
    local there = redis.call('XRANGE', log, place, place)[1]
    found = there and there[2][4]
  end
  return found == hash and redis.call('XRANGE', log, place + 1, '+') or {}
end
