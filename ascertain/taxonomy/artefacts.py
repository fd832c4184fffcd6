"""Immutable files: written whole or not at all, readable by their owner alone."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ascertain.domain.canonical import canonical_json
from ascertain.domain.overlay_documents import profile_from, skill_from
from ascertain.domain.skills import JobProfile, Skill


def write_once(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` atomically, mode 0600, its folder 0700.

    Raises:
        OSError: when the folder cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def encode(skills: tuple[Skill, ...], profiles: tuple[JobProfile, ...], meta: Mapping[str, str]) -> bytes:
    """A taxonomy as canonical JSON: equal content, equal bytes."""
    doc = {
        "meta": dict(meta),
        "skills": sorted(skills, key=lambda s: s.id),
        "job_profiles": sorted(profiles, key=lambda p: p.id),
    }
    return canonical_json(doc).encode("ascii")


def decode(raw: bytes) -> tuple[list[Skill], Callable[[], list[JobProfile]], dict[str, str]]:
    """Read what ``encode`` wrote. The job profiles are made when called for: ESCO's have 126,000 requirements."""
    doc = json.loads(raw)
    rows = doc["job_profiles"]
    return [skill_from(s) for s in doc["skills"]], lambda: [profile_from(p) for p in rows], doc["meta"]
