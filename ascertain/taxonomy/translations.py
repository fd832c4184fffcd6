"""A taxonomy's names in further languages: kept beside it, searched by words in that language.

Ids are the taxonomy's own, so a German text finds the same skill as an English one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ascertain.domain.canonical import canonical_json
from ascertain.domain.skills import Skill
from ascertain.errors import InputError, IntegrityError
from ascertain.taxonomy.loaded import Names

_META = "names."
_LANGUAGE = re.compile(r"[a-z]{2}")


def check_languages(format: str, language: str, more: Sequence[str]) -> None:
    """That ``language`` and the further ones can be imported from that format.

    Raises:
        InputError: when not.
    """
    for code in (language, *more):
        if not _LANGUAGE.fullmatch(code):
            raise InputError(f"{code!r} is no language", field="language", remedy="use two letters, such as en or de")
    if len({language, *more}) <= len(more):
        raise InputError("a language is given twice", field="language", remedy="give each once")
    if more and format != "esco":
        raise InputError(
            f"{format} has names in one language", field="language", remedy="give one; only esco can have several"
        )


def encode_names(names: Mapping[str, Names]) -> bytes:
    """Skill id → names as canonical JSON: equal content, equal bytes."""
    rows = {id_: [n.label, list(n.synonyms), n.definition] for id_, n in names.items()}
    return canonical_json(rows).encode("ascii")


def digest(raw: bytes) -> str:
    """What the taxonomy's own file says of these bytes, so that its hash covers them."""
    return hashlib.sha256(raw).hexdigest()[:12]


def read_names(file: Path, wanted: str) -> dict[str, Names]:
    """Read what ``encode_names`` wrote.

    Raises:
        IntegrityError: when it is not there or not what the taxonomy was imported with.
    """
    try:
        raw = file.read_bytes()
    except OSError as e:
        raise IntegrityError(f"cannot read {file.name}: {e.strerror}", remedy="import the taxonomy again") from None
    if digest(raw) != wanted:
        raise IntegrityError(
            f"{file.name} is not what the taxonomy was imported with",
            remedy="delete the file and import the taxonomy again",
        )
    return {id_: Names(label, tuple(synonyms), text) for id_, (label, synonyms, text) in json.loads(raw).items()}


def meta_of(digests: Mapping[str, str]) -> dict[str, str]:
    """Language → digest, as entries of a taxonomy's meta data."""
    return {f"{_META}{language}": d for language, d in digests.items()}


def digests_of(meta: Mapping[str, str]) -> dict[str, str]:
    """The inverse of ``meta_of``."""
    return {k.removeprefix(_META): v for k, v in meta.items() if k.startswith(_META)}


def led(names: Mapping[str, Names], moves: Mapping[str, Sequence[str]]) -> Mapping[str, Names]:
    """Names under changes of the taxonomy: a skill that became part of another one leaves it its names."""
    found = dict(names)
    for gone, to in moves.items():
        if gone in names and len(to) == 1:
            own, other = names[gone], found.get(to[0])
            more = (own.label, *own.synonyms)
            found[to[0]] = replace(other, synonyms=(*other.synonyms, *more)) if other else own
    return found


def translated(skills: Sequence[Skill], names: Mapping[str, Names]) -> list[Skill]:
    """The skills that have names in the language, under these names, in the same order.

    What a skill is called there is all that changes; the others are left out: their names are another language's.
    """
    return [
        Skill(
            s.id,
            names[s.id].label,
            s.kind,
            s.family,
            names[s.id].synonyms,
            names[s.id].definition,
            s.broader,
            s.related,
            s.references,
        )
        for s in skills
        if s.id in names
    ]
