"""Serves the application with uvicorn: one process, threads for what blocks."""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from ascertain.errors import ConfigError

HEAD_SECONDS = 10.0
"""Within which a request's first line and headers have to be here."""
HEAD_BYTES = 16 * 1024
CONNECTIONS = 600


class PatientProtocol(H11Protocol):
    """Ends a connection whose request line and headers do not come in time, which uvicorn itself waits for for ever."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._have()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _have(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


def configure(
    app: FastAPI,
    *,
    host: str,
    port: int,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    trusted_proxy: str = "",
) -> uvicorn.Config:
    """How to serve.

    Args:
        trusted_proxy: address of the proxy that ends TLS in front; only its word about the caller's address counts.

    Raises:
        ConfigError: it would take keys and personal data unencrypted from elsewhere, or a TLS file is missing.
    """
    if (tls_cert is None) != (tls_key is None):
        raise ConfigError("give both --tls-cert and --tls-key")
    for file in (tls_cert, tls_key):
        if file is not None and not file.is_file():
            raise ConfigError(f"there is no file {file.name} for TLS", remedy="correct --tls-cert and --tls-key")
    if not (tls_cert or trusted_proxy or _loopback(host)):
        raise ConfigError(
            f"on {host} keys and personal data would arrive unencrypted",
            remedy="give --tls-cert and --tls-key, or --trusted-proxy with the address of the proxy that ends TLS",
        )
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(trusted_proxy),
        forwarded_allow_ips=trusted_proxy or "127.0.0.1",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=15,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ssl_certfile=str(tls_cert) if tls_cert else None,
        ssl_keyfile=str(tls_key) if tls_key else None,
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
