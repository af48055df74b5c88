import type { Result } from 'ioredis';
import type { UseOutcome } from './handle.store.js';

/**
 * Counts uses of the handles of one call, all or nothing. KEYS: the hash of the counts. ARGV: replay window and
 * lifetime of the counts in milliseconds, then `use` and `usesMax` of each. Answers the outcomes in order.
 */
const lua = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local window = tonumber(ARGV[1])
  local outcomes = {}
  for i = 3, #ARGV, 2 do
    local countField, timeField = ARGV[i] .. ':n', ARGV[i] .. ':t'
    local count, takenAt = unpack(redis.call('HMGET', KEYS[1], countField, timeField))
    local elapsed = now - (takenAt or 0)
    if tonumber(count or 0) < tonumber(ARGV[i + 1]) then
      redis.call('HSET', KEYS[1], countField, (count or 0) + 1, timeField, string.format('%.0f', now))
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
      outcomes[#outcomes + 1] = 'taken'
    elseif window > 0 and elapsed >= 0 and elapsed <= window then
      outcomes[#outcomes + 1] = 'replayed'
    else
      outcomes[#outcomes + 1] = 'used_up'
    end
  end
  return outcomes`;

/** The script as a command of the driver: sent in full once per connection, by its hash afterwards. */
export const takeUsesScript = { lua, numberOfKeys: 1 };

declare module 'ioredis' {
  interface RedisCommander<Context> {
    takeUses(countsKey: string, ...args: (string | number)[]): Result<UseOutcome[], Context>;
  }
}
