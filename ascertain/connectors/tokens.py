"""Access tokens that expire: fetched when needed, renewed a little early, once more when one died in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ascertain.errors import PermanentConnectorError

_EARLY = 60.0
"""Seconds before its end that a token is renewed, so that it does not die on its way."""


class TokenKeeper:
    """One token of one connection, shared by its threads.

    Args:
        name: the connection's name, for messages.
        fetch: asks for a new token and returns the answer's JSON: ``access_token`` and ``expires_in`` (seconds) or
            whatever ``token_key`` and ``lifetime`` say.
        lifetime: seconds, where the answer does not tell.
    """

    def __init__(
        self,
        name: str,
        fetch: Callable[[], Any],
        *,
        token_key: str = "access_token",
        lifetime_key: str = "expires_in",
        lifetime: float = 3600.0,
    ) -> None:
        self._name = name
        self._fetch = fetch
        self._token_key, self._lifetime_key = token_key, lifetime_key
        self._lifetime = lifetime
        self._token, self._until = "", 0.0
        self._lock = threading.Lock()

    def token(self, refused: str = "") -> str:
        """The present token; a new one when it runs out or is the ``refused`` one.

        Raises:
            PermanentConnectorError: when the answer has no token.
        """
        with self._lock:
            if not self._token or self._token == refused or time.monotonic() >= self._until:
                asked = time.monotonic()
                answer = self._fetch()
                token = answer.get(self._token_key) if isinstance(answer, Mapping) else answer
                if not isinstance(token, str) or not token:
                    raise PermanentConnectorError(f"{self._name}: the token endpoint gave no {self._token_key}")
                said = answer.get(self._lifetime_key) if isinstance(answer, Mapping) else None
                lifetime = _seconds(said) or self._lifetime
                self._token = token
                self._until = asked + lifetime - min(_EARLY, lifetime * 0.1)
            return self._token


def _seconds(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
