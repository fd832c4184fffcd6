"""Planted secrets: everything is run at DEBUG and made to fail, and none is printed, logged or left in a file."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import tenacity

from agents.brains.models import ROLES, EndpointConfig
from ascertain.connectors.connection import read_entries
from ascertain.errors import AscertainError, BrainError
from ascertain.logs import TALKATIVE, keep_libraries_quiet
from ascertain.paths import CONFIG_DIR
from ascertain.prompts import read_prompts
from crews.learner import AgentCrew
from tests.crews import world
from tests.integration.command import Answer, call

SANDBOX = CONFIG_DIR / "connectors-sandbox.yaml"
HOOK = "whsec_" + base64.b64encode(b"planted-hook-secret-of-32-bytes!").decode()
OUTGOING = """
webhooks:
  - name: crm
    url: http://127.0.0.1:1/hook
    secrets: [PLANTED_HOOK]
    allow_private: true
    allow_http: true
"""


def planted(name: str) -> str:
    return f"planted-{name.lower().replace('_', '-')}-8f3a91"


class _Mirror(BaseHTTPRequestHandler):
    """Refuses everything and says back all that it was sent, as careless systems do."""

    status = 400
    asked: ClassVar[list[str]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(self.path)
        said = f"{self.path}\n{self.headers}\n".encode() + body
        self.send_response(self.status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("X-You-Sent", str(self.headers.get("Authorization")))
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_PATCH = _answer

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture(scope="module", params=[200, 401])
def mirror(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Mirror", (_Mirror,), {"status": request.param})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def environment(url: str) -> tuple[dict[str, str], dict[str, str]]:
    """The environment of all shipped connections at one address, and the secrets in it by variable."""
    env: dict[str, str] = {"ASCERTAIN_CONNECTORS_FILE": str(SANDBOX), "ASCERTAIN_LOG_LEVEL": "DEBUG"}
    secrets: dict[str, str] = {}
    for entry in read_entries(SANDBOX):
        if entry.url_env:
            env[entry.url_env] = url
        for variable in entry.secrets.values():
            text = planted(variable)
            coded = "WEBHOOK" in variable  # some systems give the keys of their signatures in base64
            secrets[variable] = base64.b64encode(text.encode()).decode() if coded else text
    return {**env, **secrets}, secrets


def told(answer: Answer, caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join([answer.out, answer.err, caplog.text])


def free_of(text: str, secrets: dict[str, str]) -> None:
    for variable, value in secrets.items():
        forms = {value, base64.b64encode(value.encode()).decode().rstrip("=")}
        for form in forms:
            assert form not in text, (
                f"{variable} was told: …{text[max(0, text.find(form) - 200) : text.find(form) + 60]}"
            )


def files_free_of(home: Path, secrets: dict[str, str]) -> None:
    for file in home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for variable, value in secrets.items():
                assert value.encode() not in content, (variable, file)


def test_no_connection_tells_its_secrets(
    tmp_path: Path, mirror: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenacity, "wait_random_exponential", lambda **_: tenacity.wait_none())  # try again at once
    env, secrets = environment(mirror)
    assert len(secrets) > 15
    home = tmp_path / "home"
    names = [e.name for e in read_entries(SANDBOX) if e.url_env]
    before = len(_Mirror.asked)
    for arguments in (("connector", "list"), ("doctor",)):
        free_of(told(call(*arguments, home=home, env=env), caplog), secrets)
    for name in names:
        answer = call("connector", "check", name, home=home, env=env)
        assert answer.code != 2, answer.err
        free_of(told(answer, caplog), secrets)
        caplog.clear()
    for name in names[:3]:
        free_of(told(call("connector", "probe", name, home=home, env=env), caplog), secrets)
    free_of(told(call("writeback", "preview", home=home, env=env), caplog), secrets)
    files_free_of(home, secrets)
    assert len(_Mirror.asked) - before >= len(names)  # they did call


@pytest.mark.parametrize("command", [("doctor",), ("sync",), ("assess", "E1"), ("audit", "verify")])
def test_no_address_of_a_database_tells_its_password(
    command: tuple[str, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = {"database": planted("database"), "queue": planted("queue")}
    home = tmp_path / "home"
    away = {
        "ASCERTAIN_DATABASE_URL": f"postgresql+psycopg://asc:{secrets['database']}@127.0.0.1:1/asc?connect_timeout=2",
        "ASCERTAIN_QUEUE_URL": f"redis://:{secrets['queue']}@127.0.0.1:1/0",
        "ASCERTAIN_LOG_LEVEL": "DEBUG",
    }
    answer = call(*command, home=home, env=away)
    assert answer.code != 0
    free_of(told(answer, caplog), secrets)
    wrong = {**away, "ASCERTAIN_DATABASE_URL": f"mysql://asc:{secrets['database']}@h/asc"}
    answer = call(*command, home=home, env=wrong)
    assert answer.code == 2
    free_of(told(answer, caplog), secrets)
    files_free_of(home, secrets)


def test_no_queue_tells_its_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secrets = {"queue": planted("queue")}
    for url in (
        f"redis://:{secrets['queue']}@127.0.0.1:1/0",
        f"amqp://:{secrets['queue']}@h",
        f"redis://{secrets['queue']}@:x",
    ):
        env = {"ASCERTAIN_QUEUE_URL": url, "ASCERTAIN_LOG_LEVEL": "DEBUG"}
        for command in (("assess", "--cohort", "all", "--queue"), ("doctor",)):
            free_of(told(call(*command, home=tmp_path / "home", env=env), caplog), secrets)


def test_no_setting_tells_a_key_that_is_wrong(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    short, odd = "ab" * 9, planted("pseudonym")
    for value in (short, odd):
        answer = call("audit", "verify", home=tmp_path / "home", env={"ASCERTAIN_PSEUDONYM_KEY": value})
        assert answer.code == 2
        assert "ASCERTAIN_PSEUDONYM_KEY" in answer.err
        free_of(told(answer, caplog), {"key": value})


def test_no_webhook_tells_its_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "outgoing.yaml"
    file.write_text(OUTGOING)
    for value in (HOOK, planted("hook"), "whsec_short"):
        env = {"ASCERTAIN_OUTGOING_FILE": str(file), "PLANTED_HOOK": value, "ASCERTAIN_LOG_LEVEL": "DEBUG"}
        for command in (("notify", "list"), ("notify", "run"), ("doctor",)):
            text = told(call(*command, home=tmp_path / "home", env=env), caplog)
            free_of(text.replace('"whsec_$', ""), {"hook": value})


def test_no_brain_tells_its_key(mirror: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    key = planted("brain")
    keep_libraries_quiet()
    monkeypatch.setenv("PLANTED_BRAIN_KEY", key)
    monkeypatch.setattr("agents.brains.clients._backoff", lambda state: 0.0)
    config = EndpointConfig.model_validate(
        {"kind": "openai", "model": "m", "base_url": mirror, "api_key_env": "PLANTED_BRAIN_KEY", "attempts": 2}
    )
    with pytest.raises(BrainError) as caught:
        AgentCrew(dict.fromkeys(ROLES, config), read_prompts()).run(world.case(), world.services())
    error: AscertainError = caught.value
    free_of(f"{error}\n{error!r}\n{config!r}\n{caplog.text}", {"key": key})


def test_libraries_stay_quiet_whatever_the_level(caplog: pytest.LogCaptureFixture) -> None:
    """The database's library would log rows, that of the brain whole prompts, that of HTTP headers."""
    keep_libraries_quiet()
    for name in (*TALKATIVE, "sqlalchemy.engine.Engine", "openai._base_client", "httpcore.http11"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO), name


def test_the_check_can_fail(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("ascertain.x").debug("Authorization: Bearer %s", planted("x"))
    with pytest.raises(AssertionError, match="was told"):
        free_of(caplog.text, {"x": planted("x")})
