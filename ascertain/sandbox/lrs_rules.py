"""What a learning record store accepts: the rules of xAPI statements that senders get wrong, as 400s."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
_IRI = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$")
_UUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", re.ASCII)
_MBOX = re.compile(r"^mailto:[^@\s]+@[^@\s]+$")
_DURATION = re.compile(r"^P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$")
_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
_TOP = frozenset(
    (
        *("id", "actor", "verb", "object", "result", "context"),
        *("timestamp", "stored", "authority", "version", "attachments"),
    )
)
_RESULT = frozenset(("score", "success", "completion", "response", "duration", "extensions"))
_SCORE = ("scaled", "raw", "min", "max")


class Refused(Exception):
    """A request that is answered with ``status`` and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def check(statement: Any) -> Json:
    """The statement, if it may be stored; raises ``Refused`` with 400."""
    if not isinstance(statement, dict):
        raise Refused(400, "a statement is an object")
    if strange := sorted(set(statement) - _TOP):
        raise Refused(400, f"a statement has no property {strange[0]}")
    if _has_null({k: v for k, v in statement.items() if k not in ("result", "context", "object")}):
        raise Refused(400, "a property is null")
    if "id" in statement:
        identifier(statement["id"], "id")
    _agent(statement.get("actor"), "actor")
    verb = statement.get("verb")
    if not isinstance(verb, Mapping) or not _is_iri(verb.get("id")):
        raise Refused(400, "verb.id has to be an IRI")
    _object(statement.get("object"), verb["id"] == VOIDED)
    _result(statement.get("result"))
    if "timestamp" in statement:
        moment(statement["timestamp"], "timestamp")
    if statement.get("attachments"):
        raise Refused(400, "this store takes no attachments")
    return statement


def identifier(value: Any, name: str) -> str:
    """A UUID in its canonical form."""
    if not isinstance(value, str) or not _UUID.match(value):
        raise Refused(400, f"{name} is not a UUID")
    return value.lower()


def moment(value: Any, name: str) -> datetime:
    """A time with a zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(400, f"{name} is not a time with a zone (ISO 8601)")
    return found.astimezone(UTC)


def same_agent(one: Any, other: Any) -> bool:
    """Whether two agents have the same identifier."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return False
    return any(k in one and one.get(k) == other.get(k) for k in _IDENTIFIERS)


def agent_of(value: Any) -> Json:
    """The agent of a query; raises ``Refused`` with 400."""
    _agent(value, "agent")
    return dict(value)


def _agent(value: Any, name: str) -> None:
    if not isinstance(value, Mapping):
        raise Refused(400, f"{name} has to be an object")
    if value.get("objectType", "Agent") == "Group" and isinstance(value.get("member"), list):
        return
    given = [k for k in _IDENTIFIERS if k in value]
    if len(given) != 1:
        raise Refused(400, f"{name} needs exactly one of {', '.join(_IDENTIFIERS)}")
    if given == ["mbox"] and not (isinstance(value["mbox"], str) and _MBOX.match(value["mbox"])):
        raise Refused(400, f"{name}.mbox has to be a mailto address")
    account = value.get("account")
    if given == ["account"] and not (isinstance(account, Mapping) and account.get("homePage") and account.get("name")):
        raise Refused(400, f"{name}.account needs homePage and name")


def _object(value: Any, voiding: bool) -> None:
    if not isinstance(value, Mapping):
        raise Refused(400, "object has to be an object")
    kind = value.get("objectType", "Activity")
    if voiding and kind != "StatementRef":
        raise Refused(400, "voiding needs a StatementRef")
    if kind == "StatementRef":
        identifier(value.get("id"), "object.id")
    elif kind == "Activity" and not _is_iri(value.get("id")):
        raise Refused(400, "object.id has to be an IRI")
    elif kind in ("Agent", "Group"):
        _agent(value, "object")
    elif kind not in ("Activity", "SubStatement"):
        raise Refused(400, f"object.objectType {kind} is not known")


def _result(value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping) or set(value) - _RESULT:
        raise Refused(400, "result has a property that is not known")
    for flag in ("success", "completion"):
        if flag in value and not isinstance(value[flag], bool):
            raise Refused(400, f"result.{flag} has to be true or false")
    if "duration" in value and not (isinstance(value["duration"], str) and _DURATION.match(value["duration"])):
        raise Refused(400, "result.duration is not an ISO 8601 duration")
    score = value.get("score", {})
    if not isinstance(score, Mapping) or set(score) - set(_SCORE):
        raise Refused(400, "result.score has a property that is not known")
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in score.values()):
        raise Refused(400, "result.score has to be of numbers")
    if not -1 <= score.get("scaled", 0) <= 1:
        raise Refused(400, "result.score.scaled is outside -1..1")
    low, raw, high = score.get("min"), score.get("raw"), score.get("max")
    if (low is not None and high is not None and low >= high) or (
        raw is not None and ((low is not None and raw < low) or (high is not None and raw > high))
    ):
        raise Refused(400, "result.score.raw is outside min..max")


def _has_null(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_null(v) for v in value.values())
    if isinstance(value, list):
        return any(_has_null(v) for v in value)
    return value is None


def _is_iri(value: Any) -> bool:
    return isinstance(value, str) and bool(_IRI.match(value))
