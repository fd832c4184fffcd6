"""One of several processes does a thing; when it dies another takes over."""

from __future__ import annotations

import os
import secrets
import socket

from redis import Redis

LEASE_SECONDS = 15.0
"""After as many seconds without a sign of the one elected, another is."""

# KEYS: the lease. ARGV: who, milliseconds. 1 when it is held now by who.
_TAKE = """
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
return 0
"""
_GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Election:
    """A lease on the queue's server, by that server's clock: no two processes hold it at the same time, but for one
    that is halted while it acts. What it does must therefore still be safe to do twice."""

    def __init__(self, connection: Redis, key: str, seconds: float = LEASE_SECONDS) -> None:
        self.ident = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.seconds = seconds
        self._connection = connection
        self._key = key

    @property
    def look_every(self) -> float:
        """Seconds between two looks, so that a lease is prolonged in time and a free one soon taken."""
        return self.seconds / 3

    def won(self) -> bool:
        """Take or prolong the lease; False while another process holds it."""
        script = self._connection.register_script(_TAKE)
        return bool(script(keys=[self._key], args=[self.ident, int(self.seconds * 1000)]))

    def resign(self) -> None:
        """Let another one be elected at once."""
        self._connection.register_script(_GIVE_BACK)(keys=[self._key], args=[self.ident])
