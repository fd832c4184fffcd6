"""What the server refuses to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from ascertain.errors import ConfigError
from ascertain.service.server import configure


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "skills.example"])
def test_no_keys_in_the_clear(host: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unencrypted"):
        configure(FastAPI(), host=host, port=1)
    made = configure(FastAPI(), host=host, port=1, trusted_proxy="192.0.2.1")
    assert (made.proxy_headers, made.forwarded_allow_ips) == (True, "192.0.2.1")
    file = tmp_path / "pem"
    file.touch()
    assert configure(FastAPI(), host=host, port=1, tls_cert=file, tls_key=file).ssl_certfile == str(file)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_tls_and_believes_nobody_about_addresses(host: str) -> None:
    made = configure(FastAPI(), host=host, port=1)
    assert not made.proxy_headers
    assert not made.access_log


def test_half_of_a_pair_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="both"):
        configure(FastAPI(), host="::1", port=1, tls_cert=tmp_path)
    with pytest.raises(ConfigError, match=r"none\.pem"):
        configure(FastAPI(), host="::1", port=1, tls_cert=tmp_path / "none.pem", tls_key=tmp_path / "none.pem")
