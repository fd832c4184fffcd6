"""A folder of Open Badges 3.0 credentials: for skills that no connected system can hold. Calls nobody.

Each person has a folder whose name does not say who it is, each credential a file ``<id>.json``; with a signing key
also ``<id>.jwt``. What is signed is the JWT and nothing else: the JSON beside it is for reading, and without a key
nobody can prove where a credential comes from.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.connection import Connection
from ascertain.connectors.http import verdict_of
from ascertain.connectors.openbadges_credential import Credential, Signer, credential, problem, urn, written
from ascertain.domain.connector import (
    Budget,
    Capabilities,
    Cursor,
    Failure,
    Health,
    Page,
    QuotaPolicy,
    TenantProfile,
    Verdict,
)
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState
from ascertain.errors import PermanentConnectorError

TARGET = "credentials"
_URN = "urn:uuid:"


class OpenBadgesOptions(BaseModel):
    """``folder``: where the files go. ``issuer_name``: who awards. ``key_id``: the signing key's name.
    ``valid_days``: how long a credential is valid; without it, for good."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    folder: Path
    issuer_name: Annotated[str, Field(min_length=1)]
    key_id: str = "key-1"
    valid_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class OpenBadgesConnector:
    """One issuer: the connection's ``url`` is its id. Secret, if credentials are to be signed: ``signing_key``."""

    system = "openbadges"

    def __init__(self, connection: Connection) -> None:
        self.name = connection.name
        self._issuer = connection.url
        self._options = connection.options_as(OpenBadgesOptions)
        self._signer: Signer | None = None
        if "signing_key" in connection.secrets:
            # In a .env file a PEM stands on one line.
            pem = connection.secret("signing_key").replace("\\n", "\n")
            self._signer = Signer(connection.name, pem, f"{self._issuer}#{self._options.key_id}")

    @classmethod
    def open(
        cls,
        connection: Connection,
        *,
        timeout: float,
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
    ) -> Self:
        """For the registry."""
        return cls(connection)

    # -- a connector that reads nothing -----------------------------------------------------------------------------

    def capabilities(self) -> Capabilities:
        return Capabilities({})

    def check(self) -> Health:
        """Whether files can be written there."""
        try:
            self._options.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as e:
            return Health(False, f"{self.name}: not usable", f"the folder cannot be made: {e.strerror}")
        if not os.access(self._options.folder, os.W_OK):
            return Health(False, f"{self.name}: not usable", "the folder cannot be written to", "check its owner")
        return Health(True, f"writes {self._signer.algorithm if self._signer else 'unsigned'} credentials to a folder")

    def probe(self) -> TenantProfile:
        return TenantProfile({})

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        raise PermanentConnectorError(f"{self.name}: a folder of credentials has no {entity.value} to pull")

    def fetch(self, ref: SourceRef) -> Record | None:
        return None

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("folder")

    def classify(self, failure: Failure) -> Verdict:
        return verdict_of(failure)

    def close(self) -> None:
        """Nothing to give back."""

    # -- writing ----------------------------------------------------------------------------------------------------

    def account(self, email: str) -> SourceRef | None:
        return SourceRef(self.name, Entity.USER, email.strip().casefold()) if "@" in email else None

    def targets(self) -> Sequence[SkillTarget]:
        return (SkillTarget(TARGET, TargetKind.CREDENTIAL, "Open Badges 3.0 credentials"),)

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        """All of a person's credentials as one JSON list, by id."""
        days = self._options.valid_days
        valid = timedelta(days=days) if days else None
        made = [credential(self._issuer, self._options.issuer_name, user.id, c, valid_for=valid) for c in claims]
        return (Intended(TARGET, _listed(made), tuple(sorted(c.assertion_id for c in claims))),)

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        if TARGET not in targets:
            return {}
        found = []
        for file in sorted(self._folder(user).glob("*.json")):
            try:
                found.append(json.loads(file.read_text(encoding="utf-8")))
                found[-1]["id"]
            except (OSError, ValueError, TypeError, KeyError):
                raise PermanentConnectorError(
                    f"{self.name}: {file.name} is no credential any more", remedy="restore the file, or delete it"
                ) from None
        return {TARGET: _listed(found)}

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        """Files of credentials that are not in ``value`` are removed, others stay as they are."""
        try:
            wanted = {str(c["id"]): c for c in json.loads(value or "[]")}
        except (ValueError, TypeError, KeyError):
            return WriteResult(WriteState.REJECTED, reason="the value is no list of credentials")
        if target != TARGET:
            return WriteResult(WriteState.REJECTED, reason=f"there is no target {target}")
        for found in wanted.values():
            if wrong := problem(found):
                return WriteResult(WriteState.REJECTED, reason=wrong)
        try:
            self._put(self._folder(user), wanted)
        except OSError as e:
            raise PermanentConnectorError(
                f"{self.name}: the folder cannot be written to: {e.strerror}", remedy="check its owner and its space"
            ) from None
        return WriteResult(WriteState.WRITTEN)

    @property
    def lag(self) -> timedelta:
        return timedelta()

    def _put(self, folder: Path, wanted: Mapping[str, Credential]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._signer is not None:
            _replace(self._options.folder / "jwks.json", written(self._signer.public()))
        for ident, made in wanted.items():
            stem = folder / ident.removeprefix(_URN)
            # The JSON comes last: where it stands, the rest is there too.
            if self._signer is not None:
                _replace(stem.with_name(f"{stem.name}.jwt"), self._signer.sign(made))
            _replace(stem.with_name(f"{stem.name}.json"), written(made))
        kept = {i.removeprefix(_URN) for i in wanted}
        for pattern in ("*.json", "*.jwt"):
            for file in sorted(folder.glob(pattern)):
                if file.stem not in kept:
                    file.unlink()

    def _folder(self, user: SourceRef) -> Path:
        return self._options.folder / urn(self._issuer, "person", user.id).removeprefix(_URN)


def _listed(found: Sequence[Mapping[str, Any]]) -> str | None:
    return written(sorted(found, key=lambda c: str(c["id"]))) if found else None


def _replace(file: Path, text: str) -> None:
    """All or nothing, readable by its owner alone, on the disk before it takes its name."""
    own = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    own.replace(file)
