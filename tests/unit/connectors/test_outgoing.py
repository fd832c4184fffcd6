"""The outgoing file: off as shipped, strict, and nothing called."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ascertain.connectors.outgoing import open_outgoing, read_outgoing
from ascertain.domain.notifications import Endpoint, MailRules, PersonName
from ascertain.domain.writeback_plan import Spread, WritebackRules
from ascertain.errors import ConfigError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = {"name": "crm", "url": "https://hooks.example.com/x", "secrets": ["A", "B"]}
MAIL = {"host": "mail.example.com", "sender": "skills@example.com", "user_env": "U", "password_env": "P"}


def file(folder: Path, document: Any) -> Path:
    path = folder / "outgoing.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_as_shipped_nothing_goes_out() -> None:
    shipped = read_outgoing()
    assert shipped.rules == WritebackRules()
    found = open_outgoing(shipped, {})
    assert (found.endpoints, found.senders, found.mailer) == ((), {}, None)


def test_everything_is_resolved(tmp_path: Path) -> None:
    document = {
        "writeback": {"human_only": True, "spread": "best"},
        "notifications": {
            "webhooks": [{**HOOK, "person": "email"}],
            "mail": {**MAIL, "digest_hours": 24, "levels": True},
        },
    }
    read = read_outgoing(file(tmp_path, document))
    assert read.rules == WritebackRules(True, 0.0, Spread.BEST)
    found = open_outgoing(read, {"A": SECRET, "B": SECRET, "U": "me", "P": "secret-word"})
    assert found.endpoints == (Endpoint("crm", PersonName.EMAIL),)
    assert found.mail == MailRules(timedelta(days=1), levels=True)
    assert found.mailer is not None
    assert "secret-word" not in repr(vars(found.mailer))


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"writeback": {"min_confidence": 2}}, "writeback.min_confidence"),
        ({"writeback": {"spred": "best"}}, "writeback.spred"),
        ({"notifications": {"webhooks": [{**HOOK, "secrets": []}]}}, "notifications.webhooks.0.secrets"),
        ({"notifications": {"webhooks": [{**HOOK, "url_env": "X"}]}}, "either url or url_env"),
        ({"notifications": {"webhooks": [HOOK, HOOK]}}, "two webhooks are called crm"),
        ({"notifications": {"mail": {"host": "m"}}}, "sender"),
        ({"notifications": {"mail": {**MAIL, "security": "none"}}}, "unencrypted"),
        ({"notifications": {"mail": {**MAIL, "password_env": ""}}}, "both user_env and password_env"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, document: Any, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        read_outgoing(file(tmp_path, document))


@pytest.mark.parametrize("environ", [{"A": SECRET}, {"A": SECRET, "B": "short"}])
def test_a_secret_that_is_missing_or_weak_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    read = read_outgoing(file(tmp_path, {"notifications": {"webhooks": [HOOK]}}))
    with pytest.raises(ConfigError, match=r"webhook crm: .*B is"):
        open_outgoing(read, {"B": "", **environ} if "B" not in environ else environ)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        read_outgoing(tmp_path / "none.yaml")
