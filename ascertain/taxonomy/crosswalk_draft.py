"""Drafts of a crosswalk between the skills of two taxonomies, for people to review row by row.

What is known comes first: a link of a crosswalk that was imported before, then labels that are equal but for case. Only
these are certain. A name that is another's synonym, and what the mapper finds by meaning, is offered as *close* and
unsure, however probable: most of them turned out to be wider skills (docs/stewardship.md). Nothing here says *broader*
or *narrower*, since similarity does not tell which of two is the wider: whoever decides writes it.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ascertain.domain.crosswalks import Link, Relation
from ascertain.domain.denied import DenyList
from ascertain.domain.ports import Mapper
from ascertain.domain.skills import Skill
from ascertain.errors import ConfigError, InputError
from ascertain.taxonomy.formats.tables import read_table
from ascertain.taxonomy.loaded import Problem

COLUMNS = ("from", "label", "to", "target", "relation", "verdict", "probability", "why", "decision")


class Verdict(StrEnum):
    """How sure a row is. ``NONE``: the other taxonomy has no skill for it, or it can never be a skill."""

    CERTAIN = "certain"
    UNSURE = "unsure"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Term:
    """A skill of the other taxonomy, as far as its list says: ``id`` is its label where the list has no ids."""

    id: str
    label: str
    synonyms: tuple[str, ...] = ()
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One term and the skill offered for it; ``target`` empty for none. ``probability`` is the mapper's, ``None``
    where a name or an earlier link decides."""

    term: Term
    target: str
    target_label: str
    relation: Relation | None
    verdict: Verdict
    probability: float | None
    why: str


def term_of(skill: Skill) -> Term:
    """A skill of an imported taxonomy as a term."""
    return Term(skill.id, skill.label, tuple(skill.synonyms), skill.definition)


def read_terms(file: Path) -> tuple[list[Term], list[Problem]]:
    """(terms, problems) of a CSV with ``label`` and, if it has them, ``id``, ``synonyms`` (by ``|``), ``definition``.

    Raises:
        InputError: when it cannot be read, has no ``label``, or holds no term.
    """
    problems: list[Problem] = []
    found: dict[str, Term] = {}
    try:
        with file.open("rb") as f:
            for row in read_table(f, file.name, needed=("label",), problems=problems):
                label = row["label"].strip()
                ident = row.cells.get("id", "").strip() or label
                if not label:
                    problems.append(row.problem("label", "is empty"))
                elif ident in found:
                    problems.append(row.problem("id", f"{ident!r} stands in the file already"))
                else:
                    names = [n.strip() for n in row.cells.get("synonyms", "").split("|")]
                    found[ident] = Term(
                        ident, label, tuple(n for n in names if n), row.cells.get("definition", "").strip()
                    )
    except OSError as e:
        raise InputError(f"cannot read it: {e.strerror}", where=str(file), remedy="check the path") from None
    if not found:
        reason = f": {problems[0]}" if problems else ""
        raise InputError(f"holds no skill{reason}", where=file.name, remedy="write a CSV with a column label")
    return list(found.values()), problems


def draft(
    terms: Sequence[Term],
    skills: Sequence[Skill],
    mapper: Mapper,
    deny: DenyList,
    *,
    floor: float,
    known: Callable[[str], Sequence[Link]] = lambda ident: (),
) -> list[Row]:
    """A row a term, in the terms' order.

    Args:
        floor: probability under which what the mapper finds is not offered.
        known: links of earlier crosswalks from a term, the nearest first.
    """
    by_id = {s.id: s for s in skills}
    labels, synonyms = _names((s.id, (s.label,)) for s in skills), _names((s.id, s.synonyms) for s in skills)
    rows: dict[int, Row] = {}
    asked: list[int] = []
    for i, term in enumerate(terms):
        if (group := deny.refuses(term.label)) is not None:
            rows[i] = Row(term, "", "", None, Verdict.NONE, None, f"can never be a skill ({group.id})")
            continue
        link = next((k for k in known(term.id) if k.target in by_id), None)
        if link is not None:
            label = by_id[link.target].label
            rows[i] = Row(term, link.target, label, link.relation, Verdict.CERTAIN, None, "an imported crosswalk")
            continue
        named = _by_name(term, labels, synonyms)
        if named is None:
            asked.append(i)
        else:
            ident, relation, sure, why = named
            rows[i] = Row(term, ident, by_id[ident].label, relation, sure, None, why)
    texts = [_text(terms[i]) for i in asked]
    for i, found in zip(asked, mapper.map(texts, top=1) if texts else (), strict=True):
        best = next((c for c in found if c.probability >= floor and c.skill_id in by_id), None)
        if best is None:
            rows[i] = Row(terms[i], "", "", None, Verdict.NONE, None, "nothing near enough in meaning")
        else:
            close, unsure = Relation.CLOSE, Verdict.UNSURE
            rows[i] = Row(terms[i], best.skill_id, best.label, close, unsure, best.probability, "by meaning")
    return [rows[i] for i in range(len(terms))]


def write_draft(file: Path, rows: Sequence[Row]) -> None:
    """As a CSV whose column ``decision`` is empty: ``crosswalk import`` takes the rows that somebody wrote *yes* in.

    Raises:
        InputError: the file is there already: somebody may have decided in it.
        ConfigError: it cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8", newline="") as f:
            out = csv.writer(f)
            out.writerow(COLUMNS)
            for r in rows:
                chance = "" if r.probability is None else f"{r.probability:.2f}"
                relation = r.relation.value if r.relation else ""
                row = (r.term.id, r.term.label, r.target, r.target_label, relation, r.verdict.value, chance, r.why, "")
                out.writerow(row)
    except FileExistsError:
        raise InputError("is there already", where=str(file), remedy="give another name: --out FILE") from None
    except OSError as e:
        raise ConfigError(f"cannot write {file}: {e.strerror}", remedy="give another place: --out FILE") from None


def _text(term: Term) -> str:
    return f"{term.label}. {term.definition}" if term.definition else term.label


def _names(named: Iterable[tuple[str, Iterable[str]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for ident, names in named:
        for name in names:
            found[_key(name)].add(ident)
    return found


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _by_name(
    term: Term, labels: dict[str, set[str]], synonyms: dict[str, set[str]]
) -> tuple[str, Relation, Verdict, str] | None:
    """Only where one skill alone has the name: of several, the name does not say which is meant."""
    label = _key(term.label)
    if len(same := labels.get(label, set())) == 1:
        return next(iter(same)), Relation.EXACT, Verdict.CERTAIN, "the same label"
    if len(same := synonyms.get(label, set())) == 1:
        return next(iter(same)), Relation.CLOSE, Verdict.UNSURE, "its label is a synonym there"
    others = {i for n in term.synonyms for i in labels.get(_key(n), ())}
    if len(others) == 1:
        return others.pop(), Relation.CLOSE, Verdict.UNSURE, "a synonym of it is the label there"
    return None
