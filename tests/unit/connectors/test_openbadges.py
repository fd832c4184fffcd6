"""Credentials: deterministic, valid by the schema, signed so that anybody with the public half can tell."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.openbadges import TARGET, OpenBadgesConnector
from ascertain.connectors.openbadges_credential import credential, problem, written
from ascertain.connectors.registry import open_connector
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.skills import LEVELS, Level
from ascertain.domain.writeback import NamesPeople, SkillClaim, WritesSkills, WriteState
from ascertain.errors import ConfigError, PermanentConnectorError

ISSUER = "https://skills.example.com/issuer"
SQL = SkillClaim("a1", "sql", "SQL & “Größen”", Level.PRACTITIONER, 0.91, date(2026, 5, 4), "https://esco.example/sql")
GO = SkillClaim("a2", "go", "Go", Level.EXPERT, 0.99, date(2026, 4, 1))


def pem(key: Any) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return str(key.private_bytes(*form).decode())


def connector(folder: Path, key: str = "", **options: Any) -> OpenBadgesConnector:
    secrets = {"signing_key": key} if key else {}
    chosen = {"folder": str(folder / "badges"), "issuer_name": "Fjordlane", **options}
    found = open_connector(Connection("badges", "openbadges", ISSUER, ZoneInfo("UTC"), secrets=secrets, options=chosen))
    assert isinstance(found, OpenBadgesConnector)
    return found


def user(badges: OpenBadgesConnector) -> SourceRef:
    found = badges.account("Ann@Example.org")
    assert found is not None
    return found


def wanted(badges: OpenBadgesConnector, *claims: SkillClaim) -> str | None:
    (intended,) = badges.intend(user(badges), claims)
    assert intended.assertion_ids == tuple(sorted(c.assertion_id for c in claims))
    return intended.value


def files(folder: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in sorted((folder / "badges").rglob("*")) if f.is_file()}


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@given(st.text(min_size=1), st.sampled_from(LEVELS), st.dates(), st.text(min_size=1), st.none() | st.integers(1, 9))
def test_every_credential_is_valid_and_the_same_each_time(
    label: str, level: Level, day: date, email: str, years: int | None
) -> None:
    claim = SkillClaim("a", "s", label, level, 0.5, day)
    valid = timedelta(days=years) if years and day.year < 9999 else None
    made = credential(ISSUER, "Fjordlane", email, claim, valid_for=valid)
    assert problem(made) == ""
    assert written(made) == written(credential(ISSUER, "Fjordlane", email, claim, valid_for=valid))
    assert made["id"] != credential(ISSUER, "Fjordlane", email + "x", claim)["id"]


def test_a_credential_says_what_is_claimed_and_not_who_or_how_sure() -> None:
    made = credential(ISSUER, "Fjordlane", "ann@example.org", SQL)
    text = json.dumps(made)
    assert "ann@" not in text
    assert "0.91" not in text
    subject = made["credentialSubject"]
    assert subject["achievement"]["name"] == "SQL & “Größen”, level 3 (practitioner)"
    assert subject["achievement"]["alignment"][0]["targetUrl"] == "https://esco.example/sql"
    identity = subject["identifier"][0]
    found = hashlib.sha256(f"ann@example.org{identity['salt']}".encode()).hexdigest()
    assert identity["identityHash"] == f"sha256${found}", "a holder of the address can check it"
    assert made["validFrom"] == "2026-05-04T00:00:00Z"


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("issuer"),
        lambda c: c.update({"validFrom": "yesterday"}),
        lambda c: c.update({"proof": {}}),
        lambda c: c["credentialSubject"].update({"name": "Ann Archer"}),
        lambda c: c["credentialSubject"]["achievement"].update({"achievementType": "Badge"}),
        lambda c: c["credentialSubject"]["identifier"][0].update({"hashed": False}),
    ],
)
def test_the_schema_refuses_what_is_not_ours(change: Any) -> None:
    made = credential(ISSUER, "Fjordlane", "ann@example.org", SQL)
    change(made)
    assert problem(made)


def test_written_is_read_replaced_and_removed(tmp_path: Path) -> None:
    badges = connector(tmp_path)
    assert isinstance(badges, WritesSkills)
    assert isinstance(badges, NamesPeople)
    assert badges.read(user(badges), [TARGET]) == {TARGET: None}
    both, one = wanted(badges, SQL, GO), wanted(badges, GO)
    assert both == wanted(badges, GO, SQL)
    assert badges.write(user(badges), TARGET, both, request_id="r").state is WriteState.WRITTEN
    assert badges.read(user(badges), [TARGET]) == {TARGET: both}
    before = files(tmp_path)
    badges.write(user(badges), TARGET, both, request_id="r")
    assert files(tmp_path) == before
    assert len(before) == 2
    badges.write(user(badges), TARGET, one, request_id="s")
    assert badges.read(user(badges), [TARGET]) == {TARGET: one}
    badges.write(user(badges), TARGET, both, request_id="t")
    assert files(tmp_path) == before, "byte for byte"
    badges.write(user(badges), TARGET, None, request_id="u")
    assert badges.read(user(badges), [TARGET]) == {TARGET: None}
    assert files(tmp_path) == {}


def test_files_are_private_and_nameless(tmp_path: Path) -> None:
    badges = connector(tmp_path)
    badges.write(user(badges), TARGET, wanted(badges, SQL), request_id="r")
    (file,) = (tmp_path / "badges").rglob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "ann" not in str(file.relative_to(tmp_path))


def test_another_persons_folder_is_not_touched(tmp_path: Path) -> None:
    badges = connector(tmp_path)
    bob = SourceRef("badges", Entity.USER, "bob@example.org")
    badges.write(bob, TARGET, badges.intend(bob, [GO])[0].value, request_id="r")
    before = files(tmp_path)
    badges.write(user(badges), TARGET, wanted(badges, SQL), request_id="s")
    badges.write(user(badges), TARGET, None, request_id="t")
    assert files(tmp_path) == before


def test_signed_with_ed25519(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    badges = connector(tmp_path, pem(key).replace("\n", "\\n"))
    badges.write(user(badges), TARGET, wanted(badges, SQL), request_id="r")
    (token,) = [v.decode() for n, v in files(tmp_path).items() if n.endswith(".jwt")]
    (plain,) = [json.loads(v) for n, v in files(tmp_path).items() if n.endswith(".json") and n != "jwks.json"]
    head, body, signature = token.split(".")
    (public,) = json.loads(files(tmp_path)["jwks.json"])["keys"]
    verifier = Ed25519PublicKey.from_public_bytes(decoded(public["x"]))
    verifier.verify(decoded(signature), f"{head}.{body}".encode())
    with pytest.raises(InvalidSignature):
        verifier.verify(decoded(signature), f"{head}.{body[:-4]}AAAA".encode())
    assert json.loads(decoded(head)) == {"alg": "EdDSA", "kid": f"{ISSUER}#key-1", "typ": "JWT"}
    claims = json.loads(decoded(body))
    assert {k: claims[k] for k in plain} == plain
    assert (claims["iss"], claims["jti"], claims["nbf"]) == (ISSUER, plain["id"], 1777852800)
    assert "exp" not in claims
    before = files(tmp_path)
    badges.write(user(badges), TARGET, wanted(badges, SQL), request_id="r")
    assert files(tmp_path) == before


def test_signed_with_rsa_and_limited_in_time(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    badges = connector(tmp_path, pem(key), valid_days=365)
    badges.write(user(badges), TARGET, wanted(badges, SQL), request_id="r")
    (token,) = [v.decode() for n, v in files(tmp_path).items() if n.endswith(".jwt")]
    head, body, signature = token.split(".")
    (public,) = json.loads(files(tmp_path)["jwks.json"])["keys"]
    numbers = rsa.RSAPublicNumbers(*(int.from_bytes(decoded(public[k]), "big") for k in ("e", "n")))
    numbers.public_key().verify(decoded(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
    claims = json.loads(decoded(body))
    assert claims["exp"] - claims["nbf"] == 365 * 86_400
    assert json.loads(decoded(head))["alg"] == "RS256"


@pytest.mark.parametrize("key", ["nonsense", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_cannot_be_used_is_named_and_not_told(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match=r"secrets\.signing_key") as e:
        connector(tmp_path, key)
    assert key not in str(e.value)


def test_what_is_wrong_is_refused_or_told(tmp_path: Path) -> None:
    badges = connector(tmp_path)
    assert badges.write(user(badges), TARGET, "no list", request_id="r").state is WriteState.REJECTED
    assert badges.write(user(badges), TARGET, '[{"id": "x"}]', request_id="r").state is WriteState.REJECTED
    assert badges.write(user(badges), "other", "[]", request_id="r").state is WriteState.REJECTED
    assert files(tmp_path) == {}
    badges.write(user(badges), TARGET, wanted(badges, SQL), request_id="r")
    next((tmp_path / "badges").rglob("*.json")).write_text("{")
    with pytest.raises(PermanentConnectorError, match="is no credential any more"):
        badges.read(user(badges), [TARGET])
    with pytest.raises(PermanentConnectorError):
        badges.pull(Entity.USER, None)
    assert badges.account("nobody") is None
    assert badges.check().ok
    (tmp_path / "file").write_text("")
    assert not connector(tmp_path / "file").check().ok
    with pytest.raises(ConfigError, match="valid_days"):
        connector(tmp_path, valid_days=0)
