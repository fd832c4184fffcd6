"""The connections file and the registry: every mistake is named."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ascertain.connectors.connection import Connection, ConnectionEntry, read_entries, resolve
from ascertain.connectors.registry import connector_class, open_connector, open_connectors, systems
from ascertain.errors import ConfigError
from ascertain.variables import variables

GOOD = """
connections:
  - name: lms
    system: docebo
    url_env: LMS_URL
    secrets: {client_id: LMS_ID, client_secret: LMS_SECRET}
    options: {page_size: 50}
"""
ENV = {"LMS_URL": "https://lms.example", "LMS_ID": "id", "LMS_SECRET": "geheim"}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "connections.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_opens_with_the_demonstrations_variables() -> None:
    variables = [
        "DOCEBO_URL DOCEBO_CLIENT_ID DOCEBO_CLIENT_SECRET WORKDAY_URL WORKDAY_USER WORKDAY_PASSWORD",
        "JIRA_URL JIRA_USER JIRA_TOKEN",
    ]
    environ = {f"ASCERTAIN_{n}": "https://x.example" for n in " ".join(variables).split()}
    found = open_connectors(environ=environ)
    assert [(c.name, c.system) for c in found] == [("workday", "workday"), ("docebo", "docebo"), ("jira", "jira")]
    assert [c.name for c in open_connectors(environ=environ, names=["jira"])] == ["jira"]
    for c in found:
        c.close()


@pytest.mark.parametrize("gone", sorted(ENV))
def test_a_missing_variable_is_named(tmp_path: Path, gone: str) -> None:
    with pytest.raises(ConfigError, match=gone):
        open_connectors(write(tmp_path, GOOD), environ={k: v for k, v in ENV.items() if k != gone})


def test_a_disabled_connection_needs_no_variables(tmp_path: Path) -> None:
    assert open_connectors(write(tmp_path, GOOD.replace("system:", "enabled: false\n    system:")), environ={}) == []


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("page_size: 50", "page_size: 5000", "options.page_size"),
        ("page_size: 50", "colour: red", "options.colour"),
        ("options:", "zone: x\n    options:", "zone"),
        ("options:", "timezone: Mars/Olympus\n    options:", "Mars/Olympus"),
        ("options:", "fields: {user: {shoe_size: field_9}}\n    options:", "fields.user.shoe_size"),
        ("client_secret: LMS_SECRET", "other: LMS_SECRET", "secrets.client_secret"),
        ("system: docebo", "system: lotus", "lotus"),
        ("url_env: LMS_URL", "url: ftp://lms.example", "http"),
        ("url_env: LMS_URL", "url: http://lms.example", "unencrypted"),
        ("url_env: LMS_URL", "enabled: true", "url"),
        ("connections:", "connections: [", "YAML"),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError, match=named):
        open_connectors(path, environ=ENV)


def test_two_connections_need_two_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lms"):
        read_entries(write(tmp_path, GOOD + GOOD.replace("connections:\n", "")))


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'lns'"):
        open_connectors(write(tmp_path, GOOD), environ=ENV, names=["lns"])


def test_plain_http_is_for_loopback_and_trusted_networks(tmp_path: Path) -> None:
    local = GOOD.replace("url_env: LMS_URL", "url: http://127.0.0.1:8080")
    trusted = GOOD.replace("url_env: LMS_URL", "url: http://lms.internal\n    allow_http: true")
    for text in (local, trusted):
        assert resolve(read_entries(write(tmp_path, text))[0], ENV).url.startswith("http://")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    assert "geheim" not in repr(resolve(read_entries(write(tmp_path, GOOD))[0], ENV))


def test_the_environment_wins_over_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("LMS_ID=from-file\nLMS_SECRET=from-file\n", encoding="utf-8")
    monkeypatch.setenv("LMS_ID", "from-process")
    monkeypatch.delenv("LMS_SECRET", raising=False)
    found = variables(dotenv)
    assert (found["LMS_ID"], found["LMS_SECRET"]) == ("from-process", "from-file")


def test_the_shipped_systems_are_known() -> None:
    assert {"docebo", "workday", "jira"} <= set(systems())
    with pytest.raises(ConfigError, match="no connector for 'lotus'"):
        connector_class("lotus")


def test_a_folder_is_for_systems_that_are_one(tmp_path: Path) -> None:
    entry = ConnectionEntry.model_validate({"name": "hr", "system": "jira", "path": str(tmp_path)})
    with pytest.raises(ConfigError, match="needs an address"):
        open_connector(resolve(entry, {}))
    with pytest.raises(ConfigError, match="has no url"):
        open_connector(Connection("hr", "files", "https://x.example", ZoneInfo("UTC")))
    with pytest.raises(ValueError, match="give either url or url_env"):
        ConnectionEntry.model_validate({"name": "hr", "system": "files", "path": "a", "url": "https://x.example"})
