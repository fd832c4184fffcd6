"""Reads ``config/mapper/lexicon.yaml``: the words and phrases the mapper treats specially.

A ``lexicon-<language>.yaml`` beside it has those of another language; without one, none are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ascertain.errors import ConfigError
from ascertain.taxonomy.text import stem


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str
    stop_words: str = ""
    weak_words: str = ""
    weak_weight: float = Field(default=1, ge=0, le=1)
    everyday_words: dict[str, list[str]] = Field(default_factory=dict)
    people_words: str = ""
    companies: str = ""
    plain_verbs: str = ""
    trades: dict[str, str] = Field(default_factory=dict, max_length=8)
    foreign_words: str = ""
    abbreviations: list[str] = Field(default_factory=list)
    negation_before: list[str] = Field(default_factory=list)
    negation_after: list[str] = Field(default_factory=list)
    negation_exempt: list[str] = Field(default_factory=list)
    asides: list[str] = Field(default_factory=list)
    skill_list: list[str] = Field(default_factory=list)
    boilerplate: list[str] = Field(default_factory=list)
    prerequisite: list[str] = Field(default_factory=list)
    prerequisite_in_course: list[str] = Field(default_factory=list)
    course_context: list[str] = Field(default_factory=list)

    @field_validator(
        "negation_before",
        "negation_after",
        "negation_exempt",
        "asides",
        "skill_list",
        "boilerplate",
        "prerequisite",
        "prerequisite_in_course",
        "course_context",
        "trades",
    )
    @classmethod
    def _compiles(cls, patterns: list[str] | dict[str, str]) -> list[str] | dict[str, str]:
        for p in patterns.values() if isinstance(patterns, dict) else patterns:
            try:
                re.compile(p)
            except re.error as e:
                raise ValueError(f"not a regular expression: {p!r}: {e}") from None
        return patterns


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Compiled word lists. ``everyday`` maps a lower-case word to the next words that make it the everyday one;
    ``english`` and ``foreign`` are function words as written; ``trades`` maps the first word of a label to what speaks
    of that trade; ``language`` is the ISO 639-1 code of all the others."""

    version: str
    language: str
    stop_stems: frozenset[str]
    weak_stems: frozenset[str]
    weak_weight: float
    everyday: Mapping[str, frozenset[str]]
    people: frozenset[str]
    company_stems: frozenset[str]
    plain_verb_stems: frozenset[str]
    trades: Mapping[str, re.Pattern[str]]
    foreign: frozenset[str]
    english: frozenset[str]
    abbreviations: frozenset[str]
    negation_before: re.Pattern[str]
    negation_after: re.Pattern[str]
    negation_exempt: re.Pattern[str]
    asides: re.Pattern[str]
    skill_list: re.Pattern[str]
    boilerplate: re.Pattern[str]
    prerequisite: re.Pattern[str]
    prerequisite_in_course: re.Pattern[str]
    course_context: re.Pattern[str]


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns) or r"(?!)", re.I | re.M)


def read_lexicon(config_dir: Path, language: str = "en") -> Lexicon:
    """Read and check the lexicon of a language; an empty one where none ships.

    Raises:
        ConfigError: naming the field at fault.
    """
    name = "lexicon.yaml" if language == "en" else f"lexicon-{language}.yaml"
    file = config_dir / "mapper" / name
    try:
        raw = file.read_bytes() if language == "en" or file.exists() else b"version: '0'\n"
    except OSError as e:
        raise ConfigError(f"cannot read mapper/{name}: {e.strerror}", remedy="restore the shipped file") from None
    return _checked(raw, name, language)


@lru_cache(maxsize=32)  # keyed by content: a file that changed is another lexicon
def _checked(raw: bytes, name: str, language: str) -> Lexicon:
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        doc = _Document.model_validate(yaml.load(raw, Loader=loader))
        if language == "en" and (missing := _Document.model_fields.keys() - doc.model_fields_set):
            raise ConfigError(
                f"mapper/{name} is not a valid lexicon: {min(missing)}: is missing", remedy="restore the shipped file"
            )
    except (ValidationError, yaml.YAMLError) as e:
        what = e.errors()[0] if isinstance(e, ValidationError) else None
        where = f"{'.'.join(map(str, what['loc']))}: {what['msg']}" if what else str(e)
        raise ConfigError(
            f"mapper/{name} is not a valid lexicon: {where}", remedy="correct that field or restore the file"
        ) from None
    return Lexicon(
        version=("" if language == "en" else f"{language}-") + f"{doc.version}+{hashlib.sha256(raw).hexdigest()[:12]}",
        language=language,
        stop_stems=frozenset(stem(w, language) for w in doc.stop_words.split()),
        weak_stems=frozenset(stem(w, language) for w in doc.weak_words.split()),
        weak_weight=doc.weak_weight,
        everyday={k: frozenset(v) for k, v in doc.everyday_words.items()},
        people=frozenset(doc.people_words.split()),
        company_stems=frozenset(stem(w, language) for w in doc.companies.split()),
        plain_verb_stems=frozenset(stem(w, language) for w in doc.plain_verbs.split()),
        trades={verb: _any([cue]) for verb, cue in doc.trades.items()},
        foreign=frozenset(doc.foreign_words.split()) - frozenset(doc.stop_words.split()),
        english=frozenset(doc.stop_words.split()),
        abbreviations=frozenset(doc.abbreviations),
        negation_before=_any(doc.negation_before),
        negation_after=_any(doc.negation_after),
        negation_exempt=_any(doc.negation_exempt),
        asides=_any(doc.asides),
        skill_list=_any(doc.skill_list),
        boilerplate=_any(doc.boilerplate),
        prerequisite=_any(doc.prerequisite),
        prerequisite_in_course=_any(doc.prerequisite_in_course),
        course_context=_any(doc.course_context),
    )
