"""The store that pods share: Redis 7.0 or later, or Valkey."""

from mapsrv.store.redis.store import RedisStore, open_redis

__all__ = ["RedisStore", "open_redis"]
