"""Accepted skills as statements: one for each skill and person, with ids that follow from what is written.

Nothing in a record store is replaced: what does not hold any more is voided. Ids come from the request and the
content, so a write that is tried again is the same statement, and one that restores an earlier value is a new one.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ascertain.connectors.http import Answer, StatusError
from ascertain.connectors.xapi_options import VOIDED, XapiOptions
from ascertain.connectors.xapi_statements import categories
from ascertain.domain.records import SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState

TARGET = "statements"
_SPACE = uuid.UUID("4b8a1c0e-6f0f-5b7d-9a55-3d6a1b2c4e5f")
_OBJECTIVE = "http://adlnet.gov/expapi/activities/objective"
_EMAIL = "email:"
_REFUSED = (400, 403, 409, 413)
Skill = dict[str, Any]
Send = Callable[[Sequence[Mapping[str, Any]]], Answer]
Find = Callable[[Mapping[str, str]], Iterable[Mapping[str, Any]]]


class SkillStatements:
    """Writes about one person at a time. ``find`` gives the statements of a query, ``send`` posts some."""

    def __init__(self, name: str, options: XapiOptions, find: Find, send: Send) -> None:
        self._name = name
        self._options = options
        self._find = find
        self._send = send

    def targets(self) -> Sequence[SkillTarget]:
        """One, if writing is switched on."""
        if not self._options.write:
            return ()
        return (SkillTarget(TARGET, TargetKind.STATEMENT, "statements about accepted skills", append_only=True),)

    def intend(self, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        """All of a person's skills as one JSON list; pure."""
        if not self._options.write:
            return ()
        skills = [
            {
                "assertion": c.assertion_id,
                "confidence": round(c.confidence, 4),
                "human_reviewed": c.human_reviewed,
                "id": c.skill_id,
                "label": c.label,
                "level": int(c.level),
                "on": c.accepted_on.isoformat(),
                "uri": c.uri,
            }
            for c in claims
        ]
        return (Intended(TARGET, _value(skills), tuple(sorted(c.assertion_id for c in claims))),)

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        """What stands about somebody and is not voided."""
        held = [s for _, s in self._standing(user)] if set(targets) & {TARGET} else []
        return {t: _value(held) if t == TARGET else None for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None, request_id: str) -> WriteResult:
        """State what is new, void what is not wanted any more, leave the rest."""
        if target not in {t.id for t in self.targets()} or not user.id.startswith(_EMAIL):
            return WriteResult(WriteState.REJECTED, reason=f"{target} of {user} is no place to write to")
        try:
            wanted = {_key(s): s for s in json.loads(value or "[]")}
            made = [self._statement(user, s, request_id) for s in wanted.values()]
        except (ValueError, TypeError, KeyError):
            return WriteResult(WriteState.REJECTED, reason="the value is no list of skills")
        standing = self._standing(user)
        there = {_key(s) for _, s in standing}
        posted = [m for m, k in zip(made, wanted, strict=True) if k not in there]
        posted += [self._voiding(ident) for ident, s in standing if _key(s) not in wanted]
        if not posted:
            return WriteResult(WriteState.UNCHANGED)
        try:
            self._send(posted)
        except StatusError as e:
            if e.failure.status not in _REFUSED:
                raise
            return WriteResult(WriteState.REJECTED, reason=e.message)
        return WriteResult(WriteState.WRITTEN, external_id=str(posted[0]["id"]))

    def _standing(self, user: SourceRef) -> list[tuple[str, Skill]]:
        """Id and skill of our statements about somebody."""
        query = {"agent": json.dumps(_agent(user)), "verb": self._options.verb}
        found: dict[str, Skill] = {}
        for said in self._find(query):
            if self._options.own in categories(said) and (skill := self._skill(said)) is not None:
                found[str(said["id"])] = skill
        if found:  # some stores go on showing what was voided
            for said in self._find({"agent": json.dumps(self._app()), "verb": VOIDED}):
                about = said.get("object")
                found.pop(str(about.get("id")) if isinstance(about, Mapping) else "", None)
        return sorted(found.items())

    def _app(self) -> dict[str, Any]:
        """Who voids."""
        return {"objectType": "Agent", "account": {"homePage": f"{self._options.namespace}app", "name": self._name}}

    def _skill(self, said: Mapping[str, Any]) -> Skill | None:
        """What one of our statements says; ``None`` for one that is not of our making after all."""
        space = self._options.namespace
        try:
            extensions = said["context"]["extensions"]
            result = said["result"]["extensions"]
            ident = extensions[f"{space}skill"]
            about = str(said["object"]["id"])
            return {
                "assertion": extensions[f"{space}assertion"],
                "confidence": result[f"{space}confidence"],
                "human_reviewed": result.get(f"{space}human-reviewed", False),
                "id": ident,
                "label": said["object"]["definition"]["name"]["und"],
                "level": int(result[f"{space}level"]),
                "on": str(said["timestamp"])[:10],
                "uri": "" if about == f"{space}skill:{ident}" else about,
            }
        except (KeyError, TypeError, ValueError):
            return None

    def _statement(self, user: SourceRef, skill: Skill, request_id: str) -> dict[str, Any]:
        space = self._options.namespace
        ident = uuid.uuid5(_SPACE, json.dumps([self._name, user.id, request_id, _key(skill)]))
        return {
            "id": str(ident),
            "actor": _agent(user),
            "verb": {"id": self._options.verb, "display": {"en": self._options.verb.rpartition("/")[2]}},
            "object": {
                "objectType": "Activity",
                "id": skill["uri"] or f"{space}skill:{skill['id']}",
                "definition": {"type": _OBJECTIVE, "name": {"und": skill["label"]}},
            },
            "result": {
                "extensions": {
                    f"{space}level": skill["level"],
                    f"{space}confidence": skill["confidence"],
                    f"{space}human-reviewed": skill["human_reviewed"],
                }
            },
            "context": {
                "platform": "Ascertain",
                "contextActivities": {"category": [{"objectType": "Activity", "id": self._options.own}]},
                "extensions": {f"{space}skill": skill["id"], f"{space}assertion": skill["assertion"]},
            },
            "timestamp": f"{skill['on']}T00:00:00Z",
        }

    def _voiding(self, ident: str) -> dict[str, Any]:
        """The same for the same statement, so voiding twice is voiding once."""
        return {
            "id": str(uuid.uuid5(_SPACE, f"void {self._name} {ident}")),
            "actor": self._app(),
            "verb": {"id": VOIDED, "display": {"en": "voided"}},
            "object": {"objectType": "StatementRef", "id": ident},
        }


def _agent(user: SourceRef) -> dict[str, str]:
    return {"objectType": "Agent", "mbox": f"mailto:{user.id.removeprefix(_EMAIL)}"}


def _key(skill: Mapping[str, Any]) -> str:
    return json.dumps(dict(skill), sort_keys=True, ensure_ascii=False)


def _value(skills: Iterable[Mapping[str, Any]]) -> str | None:
    ordered = sorted(_key(s) for s in skills)
    return f"[{','.join(ordered)}]" if ordered else None
