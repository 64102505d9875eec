-- A blob whose bytes are all there takes its name. What stood there, the same or damaged, passes its time
-- on where that is longer: a commit may have named it while these bytes were written. One without an end
-- was put back by hand, and may well be named: it gets the time of such.
-- KEYS  part, blob
-- ARGV  seconds kept, seconds kept of one that is named
local left = redis.call('PTTL', KEYS[2])
if left == -1 then left = ARGV[2] * 1000 end
redis.call('RENAME', KEYS[1], KEYS[2])
return redis.call('PEXPIRE', KEYS[2], math.max(left, ARGV[1] * 1000))
