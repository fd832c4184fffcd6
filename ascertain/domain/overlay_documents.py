"""Reads overlays and changes of a taxonomy out of the JSON that they are kept in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change, Overlay, Release
from ascertain.domain.skills import JobProfile, Level, Requirement, Skill, SkillFamily
from ascertain.errors import IntegrityError


def overlay_from(document: str) -> Overlay:
    """Read what ``Overlay.document`` wrote.

    Raises:
        IntegrityError: it is none.
    """
    try:
        raw = json.loads(document)
        return Overlay(raw["base"], tuple(change_from(c) for c in raw["changes"]))
    except (ValueError, KeyError, TypeError) as e:
        raise IntegrityError(
            f"an archived overlay of the taxonomy cannot be read: {e!r}", remedy="restore it from a backup"
        ) from None


def change_from(raw: Mapping[str, Any]) -> Change:
    """A change out of its JSON."""
    return Change(
        ChangeKind(raw["kind"]),
        raw["skill_id"],
        raw["target"],
        tuple(raw["names"]),
        tuple(skill_from(s) for s in raw["skills"]),
        _release_from(raw["release"]) if raw.get("release") else None,
    )


def skill_from(s: Mapping[str, Any]) -> Skill:
    """A skill out of its JSON."""
    return Skill(
        s["id"],
        s["label"],
        s["kind"],
        SkillFamily(s["family"]),
        tuple(s["synonyms"]),
        s["definition"],
        tuple(s["broader"]),
        tuple(s["related"]),
        dict(s["references"]),
    )


_LEVELS = {int(lv): lv for lv in Level}


def profile_from(p: Mapping[str, Any]) -> JobProfile:
    """A job profile out of its JSON."""
    return JobProfile(
        p["id"],
        p["title"],
        tuple(
            Requirement(
                r["skill_id"],
                _LEVELS[r["level"]],
                r["importance"],
                r["essential"],
                r["critical"],
                r["why"],
                r.get("compliance", False),  # files from before have no such mark
            )
            for r in p["requirements"]
        ),
        p["department"],
        p["summary"],
        p["references"],
    )


def _release_from(r: Mapping[str, Any]) -> Release:
    return Release(
        r["before"],
        r["after"],
        tuple((old, tuple(to)) for old, to in r["leads"]),
        tuple(skill_from(s) for s in r["carried"]),
        tuple(profile_from(p) for p in r["profiles"]),
        tuple(change_from(c) for c in r["relaid"]),
        tuple(change_from(c) for c in r["dropped"]),
    )
