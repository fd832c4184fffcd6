"""What a SCORM attempt says: status, success, score and time out of the runtime's data model, 1.2 or 2004.

In 1.2 one word carries completion and success, so ``completed`` says nothing about passing. In 2004 they are two, and
an attempt that was failed but is not over may still be passed. A raw score in 1.2 is on 0..100 unless ``min`` and
``max`` say otherwise; in 2004 without ``scaled`` and ``max`` it has no scale and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ascertain.connectors.durations import minutes_of
from ascertain.connectors.parsing import FieldError
from ascertain.domain.records import EnrolmentStatus

_LESSON = "cmi.core.lesson_status"
_12 = {
    "passed": (EnrolmentStatus.COMPLETED, True),
    "completed": (EnrolmentStatus.COMPLETED, None),
    "failed": (EnrolmentStatus.FAILED, False),
    "incomplete": (EnrolmentStatus.IN_PROGRESS, None),
    "browsed": (EnrolmentStatus.IN_PROGRESS, None),
    "not attempted": (EnrolmentStatus.ENROLLED, None),
}
_COMPLETION = ("completed", "incomplete", "not attempted", "unknown")
_SUCCESS = {"passed": True, "failed": False, "unknown": None}
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to. ``score`` is 0..1, ``minutes`` the time in all; ``browsed``: only looked at."""

    status: EnrolmentStatus
    passed: bool | None
    score: float | None
    minutes: float | None
    browsed: bool = False


def flat(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A record with the data model as dotted names, however it was exported: dotted already, nested under ``cmi``, or
    as a list of ``name=value``.

    >>> flat({"cmi": {"core": {"lesson_status": "passed"}}, "learner": "7"})
    {'cmi.core.lesson_status': 'passed', 'learner': '7'}
    """
    found: dict[str, Any] = {}
    for key, value in raw.items():
        if isinstance(value, Mapping) and key in ("cmi", "core", "score"):
            found |= _dotted("cmi" if key == "cmi" else f"cmi.{key}", value, _DEEPEST)
        elif key in ("cmi", "data") and isinstance(value, list):
            found |= dict(_pairs(value))
        else:
            found[str(key)] = value
    return found


def outcome(values: Mapping[str, Any]) -> Outcome:
    """What the dotted values say.

    Raises:
        FieldError: naming the element at fault, or where neither version's status is there.
    """
    if any(k.startswith("cmi.core.") for k in values):
        word = _word(values, _LESSON) or "not attempted"
        if word not in _12:
            raise FieldError(_LESSON, f"{word[:40]!r} is no lesson status")
        status, passed = _12[word]
        score = _raw(values, "cmi.core.score", most=100.0)
        return Outcome(status, passed, score, _minutes(values, "cmi.core.total_time"), word == "browsed")
    if not any(k in values for k in ("cmi.completion_status", "cmi.success_status", "cmi.score.scaled")):
        raise FieldError("cmi", "has neither cmi.core.lesson_status nor cmi.completion_status")
    done = _word(values, "cmi.completion_status") or "unknown"
    if done not in _COMPLETION:
        raise FieldError("cmi.completion_status", f"{done[:40]!r} is no completion status")
    success = _word(values, "cmi.success_status") or "unknown"
    if success not in _SUCCESS:
        raise FieldError("cmi.success_status", f"{success[:40]!r} is no success status")
    passed = _SUCCESS[success]
    return Outcome(_status(done, passed), passed, _scaled(values), _minutes(values, "cmi.total_time"))


def _status(done: str, passed: bool | None) -> EnrolmentStatus:
    if passed is True:
        return EnrolmentStatus.COMPLETED
    if done == "completed":
        return EnrolmentStatus.COMPLETED if passed is None else EnrolmentStatus.FAILED
    if done == "unknown" and passed is False:
        return EnrolmentStatus.FAILED
    return EnrolmentStatus.IN_PROGRESS if done == "incomplete" else EnrolmentStatus.ENROLLED


def _scaled(values: Mapping[str, Any]) -> float | None:
    scaled = _number(values, "cmi.score.scaled")
    if scaled is None:
        return _raw(values, "cmi.score", most=None)
    if not -1 <= scaled <= 1:
        raise FieldError("cmi.score.scaled", f"{scaled:g} is outside -1..1")
    return max(0.0, scaled)  # a negative score is a loss on the whole; it is no share of full marks


def _raw(values: Mapping[str, Any], name: str, *, most: float | None) -> float | None:
    points = _number(values, f"{name}.raw")
    high = _number(values, f"{name}.max")
    low = _number(values, f"{name}.min") or 0.0
    high = most if high is None else high
    if points is None or high is None:
        return None
    if high <= low or not low <= points <= high:
        raise FieldError(f"{name}.raw", f"{points:g} is outside {low:g}..{high:g}")
    return (points - low) / (high - low)


def _minutes(values: Mapping[str, Any], name: str) -> float | None:
    text = _word(values, name)
    if not text:
        return None
    found = minutes_of(text.upper())
    if found is None:
        raise FieldError(name, f"{text[:40]!r} is no duration")
    return found


def _word(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise FieldError(name, f"should be a single value, not {type(value).__name__}")
    return str(value).strip().lower()


def _number(values: Mapping[str, Any], name: str) -> float | None:
    text = _word(values, name)
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise FieldError(name, f"{text[:40]!r} is not a number")
    return found


def _dotted(prefix: str, node: Mapping[str, Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(value, Mapping):
            found |= _dotted(f"{prefix}.{key}", value, depth - 1) if depth else {}
        else:
            found[f"{prefix}.{key}"] = value
    return found


def _pairs(listed: list[Any]) -> Iterator[tuple[str, str]]:
    for item in listed:
        name, equals, value = str(item).partition("=")
        if equals:
            yield name.strip(), value
