"""Keys over HTTP: their end, rotation, last use and populations; cookies over TLS."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from ascertain.cli.doctor import _keys
from ascertain.domain.access import Scope, make_key
from ascertain.domain.people import Learner
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.keys import create_key, list_keys, revoke_key, rotate_key
from ascertain.runtime import App, open_app
from ascertain.sandbox.oidc import OidcProvider
from tests.integration.job_harness import settings_in
from tests.integration.service.harness import Served, serving
from tests.integration.service.test_infer import activity


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with OidcProvider() as found:
        yield found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, provider: OidcProvider) -> Iterator[App]:
    told = {n.removeprefix("ASCERTAIN_").lower(): v for n, v in provider.environment().items()}
    made = open_app(settings_in(tmp_path_factory.mktemp("keys"), queue_url="redis://127.0.0.1:1/0", **told))
    with made.units() as uow:
        uow.people.upsert([Learner("E1", "Ann Archer", "ann@example.org", "Data")])
        uow.people.upsert([Learner("E2", "Bob Baker", "bob@example.org", "Sales")])
        uow.commit()
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(app: App) -> Iterator[Served]:
    with serving(app) as running:
        yield running


def me(served: Served, secret: str) -> httpx.Response:
    return httpx.get(f"{served.url}/v1/me", headers={"authorization": f"Bearer {secret}"})


def test_a_key_that_has_ended_opens_nothing(app: App, served: Served) -> None:
    key, secret = make_key("over", [Scope.INFER], app.clock.now() - timedelta(days=2), lives=timedelta(days=1))
    with app.units() as uow:
        uow.api_keys.add(key)
        uow.commit()
    assert me(served, secret).status_code == 401


def test_a_rotated_key_opens_until_its_grace_ends(app: App, served: Served) -> None:
    old, first = create_key(app.units, app.clock, "rota", [Scope.INFER], actor="test", populations=["Data"])
    new, second, kept = rotate_key(app.units, app.clock, "rota", actor="test")
    assert (new.name, new.scopes, new.populations) == (old.name, old.scopes, old.populations)
    assert kept.replaced_by == new.id
    assert (me(served, first).status_code, me(served, second).status_code) == (200, 200)
    with pytest.raises(ConflictError, match="rotated before"):
        rotate_key(app.units, app.clock, old.id, actor="test")
    _, third, _ = rotate_key(app.units, app.clock, "rota", actor="test", grace=timedelta(0))
    assert (me(served, second).status_code, me(served, third).status_code) == (401, 200)
    assert len(revoke_key(app.units, app.clock, "rota", actor="test")) == 2  # the first, in its grace, and the third
    assert (me(served, first).status_code, me(served, third).status_code) == (401, 401)
    with app.units(write=False) as uow:
        records = [r for r in uow.audit.records() if r.action.startswith("key.")]
    assert [r.action for r in records].count("key.rotated") == 2


def test_the_last_use_is_on_record(app: App, served: Served) -> None:
    key, secret = create_key(app.units, app.clock, "used", [Scope.INFER], actor="test")
    assert me(served, secret).status_code == 200
    first = next(k for k in list_keys(app.units) if k.id == key.id).last_used_at
    assert first is not None
    assert me(served, secret).status_code == 200
    assert next(k for k in list_keys(app.units) if k.id == key.id).last_used_at == first


def test_a_key_reaches_its_population_and_does_not_learn_who_else_is_there(app: App, served: Served) -> None:
    _, secret = create_key(app.units, app.clock, "sales", [Scope.INFER], actor="test", populations=["Sales"])
    answers = []
    for learner in ("E1", "nobody"):
        body = activity(learner_id=learner)
        headers = {"authorization": f"Bearer {secret}"}
        answers.append(httpx.post(f"{served.url}/v1/skills/infer", json=body, headers=headers, timeout=60))
    assert [a.status_code for a in answers] == [403, 403]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_life_is_a_day_to_a_year(app: App, days: int) -> None:
    with pytest.raises(InputError):
        create_key(app.units, app.clock, "x", [Scope.INFER], actor="test", days=days)


def test_a_population_has_somebody_and_a_grace_has_an_end(app: App) -> None:
    with pytest.raises(InputError, match="nobody belongs"):
        create_key(app.units, app.clock, "x", [Scope.INFER], actor="test", populations=["Nowhere"])
    with pytest.raises(InputError):
        rotate_key(app.units, app.clock, "x", actor="test", grace=timedelta(days=15))


def test_the_doctor_warns_of_keys_that_end_soon_never_or_were_never_used(app: App) -> None:
    now = app.clock.now()
    soon, _ = make_key("soon", [Scope.INFER], now, lives=timedelta(days=13))
    idle, _ = make_key("idle", [Scope.INFER], now - timedelta(days=15))
    endless, _ = make_key("endless", [Scope.INFER], now)
    fine, _ = make_key("fine", [Scope.INFER], now)
    with app.units() as uow:
        for key in (soon, idle, endless, fine):
            uow.api_keys.add(key)
        uow.commit()
    with app.store._own().write.begin() as connection:  # as before keys expired
        connection.execute(text("UPDATE api_keys SET expires_at = NULL WHERE id = :i"), {"i": endless.id})
    found = _keys(app)
    assert found.state == "warning"
    assert f"{soon.id} end within 14 days" in found.detail
    assert f"{idle.id} were never used" in found.detail
    assert f"{endless.id} never end" in found.detail
    assert fine.id not in found.detail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


def test_over_tls_cookies_are_secure_and_bound_to_the_host(app: App, certificate: tuple[Path, Path]) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with serving(app, tls=certificate) as served, served.client(verify=trusting, follow_redirects=False) as browser:
        assert served.url.startswith("https://")
        begun = browser.get("/v1/login")
        back = httpx.get(begun.headers["location"], follow_redirects=False).headers["location"]
        assert back.startswith("https://")
        answer = browser.get(back)
        assert answer.status_code == 303, answer.text
        for response, name in ((begun, "__Host-ascertain-login"), (answer, "__Host-ascertain")):
            cookie = next(c for c in response.headers.get_list("set-cookie") if c.startswith(f"{name}="))
            parts = {p.strip().lower() for p in cookie.split(";")[1:]}
            assert {"secure", "httponly", "path=/", "samesite=lax"} <= parts
            assert not any(p.startswith("domain=") for p in parts)
        assert browser.get("/v1/me").json()["learner"] == "E1"
