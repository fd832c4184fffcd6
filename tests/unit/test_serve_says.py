"""What `ascertain serve` prints when it starts."""

from __future__ import annotations

import pytest

from ascertain.cli.serve import _say


def test_the_address_and_the_commands_for_signing_in_and_for_a_key_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _say("http://127.0.0.1:8642", 3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "http://127.0.0.1:8642/v1" in err
    assert "3 connections" in err
    assert "ascertain access link ADDRESS --at http://127.0.0.1:8642" in err
    assert "ascertain key create NAME --scope infer" in err
