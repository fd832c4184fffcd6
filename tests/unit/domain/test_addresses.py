"""Where nothing is ever sent, for the brains' client too."""

from __future__ import annotations

import httpx
import pytest

from agents.brains.bounded import BoundedTransport
from ascertain.domain.addresses import is_never_called, is_public, is_this_machine


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "100.100.100.200"])
def test_metadata_and_link_local_addresses_are_never_called(address: str) -> None:
    assert is_never_called(address)
    assert not is_never_called("10.0.0.8")
    url = f"http://[{address}]/v1" if ":" in address else f"http://{address}/v1"
    with httpx.Client(transport=BoundedTransport(), timeout=1) as client, pytest.raises(httpx.ConnectError) as e:
        client.post(url, json={})
    assert "never called" in str(e.value)


def test_this_machine_is_known_in_all_its_forms() -> None:
    assert is_this_machine("127.0.0.5")
    assert is_this_machine("::ffff:127.0.0.1")
    assert not is_public("10.0.0.8")
    assert is_public("9.9.9.9")
