"""Reads ``config/taxonomy/deny.yaml`` and takes what it denies out of a taxonomy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ascertain.domain.denied import DeniedGroup, DenyList, words_of
from ascertain.domain.skills import JobProfile, Skill
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.loaded import LoadedTaxonomy, Names


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Group(_Strict):
    id: str = Field(pattern=r"^[a-z_]+$")
    why: str = Field(min_length=10)
    source: str = Field(min_length=5)
    terms: list[str]
    phrases: list[str] = Field(default_factory=list)


class _File(_Strict):
    version: str
    around: list[str]
    groups: list[_Group] = Field(min_length=1)
    allowed: list[str] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Denied:
    """A name that was left out of a taxonomy. ``what`` is ``skill`` or ``synonym``; ``group``, ``why`` as listed."""

    id: str
    name: str
    what: str
    group: str
    why: str


@cache
def read_denied(config: Path = CONFIG_DIR) -> DenyList:
    """The list, checked.

    Raises:
        ConfigError: naming the field at fault; without the list nothing is imported or opened.
    """
    file = config / "taxonomy" / "deny.yaml"
    try:
        doc = _File.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except OSError as e:
        raise ConfigError(f"cannot read {file.name}: {e.strerror}", remedy="restore the shipped file") from None
    except yaml.YAMLError as e:
        raise ConfigError(f"{file.name} is not valid YAML: {e}") from None
    except ValidationError as e:
        first = e.errors(include_input=False)[0]
        raise ConfigError(f"{file.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    groups = tuple(DeniedGroup(g.id, g.why, g.source, _words(g.terms), _words(g.phrases)) for g in doc.groups)
    return DenyList(doc.version, groups, _words(doc.around), _words(doc.allowed))


def _words(names: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(w for n in names if (w := words_of(n)))


def without_denied(loaded: LoadedTaxonomy, deny: DenyList) -> tuple[LoadedTaxonomy, tuple[Denied, ...]]:
    """A taxonomy less the skills that are denied by their label in any of its languages, less denied synonyms of the
    others, and less what pointed to them; and what was left out."""
    denied: list[Denied] = []
    gone: set[str] = set()
    for s in loaded.skills:
        labels = [s.label, *(n[s.id].label for n in loaded.names.values() if s.id in n)]
        group = next((g for label in labels if (g := deny.refuses(label))), None)
        if group is not None:
            gone.add(s.id)
            denied.append(Denied(s.id, s.label, "skill", group.id, group.why))
    kept = []
    for s in loaded.skills:
        if s.id in gone:
            continue
        bad = {n: g for n in s.synonyms if (g := deny.refuses(n))}
        denied += [Denied(s.id, n, "synonym", g.id, g.why) for n, g in bad.items()]
        kept.append(_relinked(s, gone, bad.keys()) if bad or gone.intersection((*s.broader, *s.related)) else s)
    if not denied:
        return loaded, ()
    names = {code: {i: _decent(n, deny) for i, n in of.items() if i not in gone} for code, of in loaded.names.items()}
    profiles = tuple(_asking(p, gone) for p in loaded.job_profiles)
    return replace(loaded, skills=tuple(kept), names=names, job_profiles=profiles), tuple(denied)


def denied_ids(skills: Iterable[Skill], deny: DenyList) -> frozenset[str]:
    """Ids of the skills whose label is denied: in a taxonomy that was imported before the list said so."""
    return frozenset(s.id for s in skills if deny.refuses(s.label))


def _relinked(s: Skill, gone: set[str], bad: Collection[str]) -> Skill:
    return replace(
        s,
        synonyms=tuple(n for n in s.synonyms if n not in bad),
        broader=tuple(b for b in s.broader if b not in gone),
        related=tuple(r for r in s.related if r not in gone),
    )


def _decent(names: Names, deny: DenyList) -> Names:
    return replace(names, synonyms=tuple(n for n in names.synonyms if not deny.refuses(n)))


def _asking(profile: JobProfile, gone: set[str]) -> JobProfile:
    return replace(profile, requirements=tuple(r for r in profile.requirements if r.skill_id not in gone))
