"""Who may call the Moodle sandbox and with what: tokens, parameters in PHP's spelling, errors inside HTTP 200."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ascertain.sandbox.credentials import same
from ascertain.sandbox.faults import FaultPlan

Kind = Literal["int", "bool", "text", "ints", "texts", "pairs", "any"]
"""``pairs`` is a list of objects, each with two named texts (``criteria[0][key]`` and ``criteria[0][value]``)."""

_STEP = re.compile(r"\[([^\[\]]*)\]")
_MAX_DEPTH = 4


@dataclass
class MoodleOptions:
    """How this site behaves.

    Attributes:
        token: made by an administrator; lives for ever.
        service: short name of the web service that both kinds of token belong to.
        token_seconds: life of a token from ``/login/token.php``.
        denied: functions whose capability the token's user lacks.
        absent: functions that are not in the service.
        debug: developer messages precede every answer, as on a site whose administrator forgot to switch them off.
    """

    token: str = "5f9c1e7a2b8d4063a1c7e9f02d6b8a34"
    username: str = "ascertain.ws"
    password: str = "Sandbox-password-1"
    service: str = "ascertain"
    token_seconds: float = 12 * 7 * 86_400
    denied: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    debug: bool = False
    faults: FaultPlan = field(default_factory=FaultPlan)


class MoodleError(Exception):
    """Ends a call with Moodle's own error, under status 200."""

    def __init__(self, exception: str, code: str, message: str) -> None:
        super().__init__(message)
        self.body = {"exception": exception, "errorcode": code, "message": message}


def refused(code: str, message: str) -> MoodleError:
    """A ``moodle_exception``."""
    return MoodleError("moodle_exception", code, message)


def not_found(table: str) -> MoodleError:
    """What a look-up of a missing row throws."""
    message = f"Can't find data record in database table {table}."
    return MoodleError("dml_missing_record_exception", "invalidrecord", message)


def missing(name: str) -> MoodleError:
    """A parameter that every call needs."""
    return refused("missingparam", f"A required parameter ({name}) was missing")


def invalid() -> MoodleError:
    """A parameter that is missing, unknown or of the wrong type."""
    return MoodleError("invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected")


@dataclass(frozen=True)
class Param:
    """One parameter of a function; ``names`` are the two keys of a pair."""

    kind: Kind
    required: bool = False
    default: Any = None
    names: tuple[str, str] = ("name", "value")


class Gate:
    """Tokens of one site."""

    def __init__(self, options: MoodleOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._issued: dict[str, float] = {}

    def login(self, form: Mapping[str, str]) -> dict[str, Any]:
        """``/login/token.php``: a token, or an error that is an object too."""
        o = self._options
        if not (same(form.get("username"), o.username) and same(form.get("password"), o.password)):
            return _login_error("invalidlogin", "Invalid login, please try again")
        if form.get("service") != o.service:
            text = "Web service is not available (it doesn't exist or might be disabled)"
            return _login_error("servicenotavailable", text)
        now = time.monotonic()
        with self._lock:
            living = [t for t, until in self._issued.items() if until > now]
            # A token that still lives is handed out again, as Moodle does.
            token = living[0] if living else secrets.token_hex(16)
            self._issued.setdefault(token, now + o.token_seconds)
        return {"token": token, "privatetoken": None}

    def admit(self, token: str, function: str, known: Sequence[str]) -> None:
        """Let a call through: a living token, and a function of the service."""
        if not token:
            raise missing("wstoken")
        if not same(token, self._options.token):
            with self._lock:
                until = self._issued.get(token)
            if until is None:
                raise refused("invalidtoken", "Invalid token - token not found")
            if until <= time.monotonic():
                raise refused("invalidtoken", "Invalid token - token expired")
        if not function:
            raise missing("wsfunction")
        if function not in known:
            raise not_found("external_functions")
        if function in self._options.absent:
            raise MoodleError("webservice_access_exception", "accessexception", "Access control exception")
        if function in self._options.denied:
            text = "Sorry, but you do not currently have permissions to do that."
            raise MoodleError("required_capability_exception", "nopermissions", text)


def _login_error(code: str, message: str) -> dict[str, Any]:
    return {"error": message, "errorcode": code, "stacktrace": None, "debuginfo": None, "reproductionlink": None}


def unfolded(form: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Nested parameters of a flat form: ``criteria[0][key]=email`` is ``{"criteria": {"0": {"key": "email"}}}``.

    Raises:
        MoodleError: for names that contradict each other.
    """
    found: dict[str, Any] = {}
    for name, value in form:
        head, bracket, _ = name.partition("[")
        steps = _STEP.findall(name[len(head) :]) if bracket else []
        if len(steps) > _MAX_DEPTH or not head:
            raise invalid()
        node: Any = found
        path = [head, *steps]
        for depth, step in enumerate(path):
            step = step if step or depth == 0 else str(len(node))
            if depth == len(path) - 1:
                node[step] = value
                break
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise invalid()
    return found


def checked(sent: Mapping[str, Any], wanted: Mapping[str, Param]) -> dict[str, Any]:
    """The parameters of a call in their types; unknown ones are refused, as Moodle does.

    Raises:
        MoodleError: ``invalidparameter``.
    """
    if set(sent) - set(wanted):
        raise invalid()
    found: dict[str, Any] = {}
    for name, param in wanted.items():
        if name not in sent:
            if param.required:
                raise invalid()
            found[name] = param.default
        else:
            found[name] = _typed(sent[name], param)
    return found


def _typed(value: Any, param: Param) -> Any:
    match param.kind:
        case "int":
            return _int(value)
        case "bool":
            if value not in ("0", "1", "true", "false", ""):
                raise invalid()
            return value in ("1", "true")
        case "text":
            if not isinstance(value, str):
                raise invalid()
            return value
        case "ints":
            return [_int(v) for v in _items(value)]
        case "texts":
            return [str(v) for v in _items(value)]
        case "pairs":
            pairs = []
            for item in _items(value):
                if not isinstance(item, dict) or set(item) != set(param.names):
                    raise invalid()
                pairs.append((str(item[param.names[0]]), str(item[param.names[1]])))
            return pairs
        case _:
            return value


def _items(value: Any) -> list[Any]:
    if value == "":
        return []
    if not isinstance(value, dict):
        raise invalid()
    return list(value.values())


def _int(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        raise invalid()
    return int(value)
