"""What people's evidence says about the taxonomy itself, as matters for the stewardship crew: terms that no skill fits,
names that are used, skills that come together or apart. Who counts, and what can follow, is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ascertain.domain.canonical import digest
from ascertain.domain.charter import ChangeKind, ProposalRules
from ascertain.domain.overlays import Change
from ascertain.domain.people import Learner
from ascertain.domain.ports import Mapper, Taxonomy, UnitOfWork
from ascertain.domain.skills import Skill
from ascertain.domain.stewardship import Ref, Support, support
from ascertain.domain.weighing import Matter, MatterKind, Nearness, Option
from ascertain.pipeline.taxonomy_reading import Read, free_id, initials, read_runs, stems
from ascertain.pipeline.taxonomy_terms import Cluster, Encode, clusters

MOST = 50
"""Matters of one look, those of the most people first."""
NEAREST = 4
"""Skills that are offered beside a new one for a term."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What matters are looked for on. ``refuses``: whether a name can never be a skill."""

    taxonomy: Taxonomy
    mapper: Mapper
    rules: ProposalRules
    encode: Encode | None = None
    refuses: Callable[[str], Any] = lambda name: None


def matters(uow: UnitOfWork, people: Sequence[Learner], on: Ground) -> list[Matter]:
    """What the present runs of ``people`` put up for a decision, that of the most people first; nothing of fewer people
    than the charter asks for, and no name that can never be a skill."""
    read = read_runs(uow, people, on.taxonomy)
    found = [*_terms(read, on), *_renames(read, on), *_merges(read, on), *_splits(read, on)]
    found = [m for m in found if m.support.people >= on.rules.least_people]
    return sorted(found, key=lambda m: (-m.support.people, -m.support.quotes, m.kind, m.id))[:MOST]


def _matter(
    kind: MatterKind, words: Sequence[str], told: Support, offered: Sequence[tuple[Change, Nearness | None]]
) -> Matter:
    """With the answers in this order, and last that everything stays."""
    options = [Option(f"o{i}", change, near) for i, (change, near) in enumerate(offered, 1)]
    ident = "m" + digest([kind, [w.casefold() for w in words], sorted(offered[0][0].touched)], length=11)
    return Matter(ident, kind, tuple(words), told, (*options, Option("stays")))


def _terms(read: Read, on: Ground) -> Iterator[Matter]:
    """A term of enough people: another name of a skill near to it, or a new skill."""
    taken = {n.casefold(): s.id for s in on.taxonomy.skills() for n in (s.label, *s.synonyms)}
    rules = on.rules
    found = [
        Cluster(names, c.seen)
        for c in clusters(read, taken, rules.least_people, rules.term_similarity, on.encode)
        if (names := tuple(n for n in c.names if not on.refuses(n)))
    ]
    near = on.mapper.map([c.names[0] for c in found], top=NEAREST + 1) if found else []
    ids = {s.id for s in on.taxonomy.skills()}
    for cluster, candidates in zip(found, near, strict=True):
        name, others = cluster.names[0], cluster.names[1:]
        skills = [s for c in candidates if (s := on.taxonomy.skill(c.skill_id)) is not None]
        offered: list[tuple[Change, Nearness | None]] = [
            (Change(ChangeKind.SYNONYM, s.id, names=cluster.names), how) for s, how in _nearest(name, skills, on)
        ]
        offered.append((Change(ChangeKind.NEW, skills=(Skill(free_id(name, ids), name, synonyms=others),)), None))
        yield _matter(
            MatterKind.TERM, cluster.names, support(f"no skill fits the term “{name}”", cluster.seen), offered
        )


def _nearest(term: str, skills: Sequence[Skill], on: Ground) -> list[tuple[Skill, Nearness]]:
    """The nearest first: all words in common, then by meaning."""
    close = [0.0] * len(skills)
    if on.encode is not None and skills:
        vectors = on.encode([term, *(s.label for s in skills)])
        close = [float(v) for v in vectors[1:] @ vectors[0]]
    made = []
    for s, cosine in zip(skills, close, strict=True):
        how = Nearness.CLOSE if cosine >= on.rules.synonym_similarity else Nearness.RELATED
        made.append((s, Nearness.SAME_WORDS if _kin(term, s) else how, cosine))
    order = list(Nearness)
    made.sort(key=lambda row: (order.index(row[1]), -row[2]))
    return [(s, how) for s, how, _ in made[:NEAREST]]


def _kin(term: str, skill: Skill) -> bool:
    asked = stems(term)
    own = [stems(n) for n in (skill.label, *skill.synonyms)]
    return any(n and asked and (n <= asked or asked <= n) for n in own)


def _renames(read: Read, on: Ground) -> Iterator[Matter]:
    """A form of the label that people use many times as often as the label itself."""
    for ident, names in sorted(read.named.items()):
        skill = on.taxonomy.skill(ident)
        if skill is None:
            continue
        label = len(names.get(skill.label, ()))
        best = max((n for n in names if _form_of(skill.label, n)), key=lambda n: (len(names[n]), n), default=None)
        if best is not None and len(names[best]) >= on.rules.rename_ratio * max(1, label):
            why = f"“{best}” stands in {len(names[best])} quotes, “{skill.label}” in {label}"
            change = Change(ChangeKind.RENAME, ident, names=(best,))
            yield _matter(MatterKind.LABEL, (best, skill.label), support(why, names[best]), [(change, None)])


def _form_of(label: str, name: str) -> bool:
    """Whether a synonym is another form of the label: they share a word, or it is made of its initials. A tool among
    the synonyms of what it is used for is none."""
    if name == label:
        return False
    return bool(stems(label) & stems(name)) or (len(name) > 1 and initials(label).startswith(name.casefold()))


def _merges(read: Read, on: Ground) -> Iterator[Matter]:
    """Two skills that nearly always come out of the same quotes. First offered: the one with more quotes stays."""
    by_claim: dict[Ref, set[str]] = {}
    for skill, seen in read.picked.items():
        for s in seen:
            by_claim.setdefault(s.ref, set()).add(skill)
    pairs = sorted({pair for skills in by_claim.values() for pair in combinations(sorted(skills), 2)})
    for one, other in pairs:
        a, b = set(read.picked[one]), set(read.picked[other])
        both = a & b
        if len(both) < on.rules.merge_overlap * len(a | b):
            continue
        stays, goes = (one, other) if len(a) >= len(b) else (other, one)
        why = f"{len(both)} of {len(a | b)} quotes that show either show both"
        words = [on.taxonomy.skill(i).label for i in (stays, goes)]  # type: ignore[union-attr]  # read_runs keeps known ones
        offered = [
            (Change(ChangeKind.MERGE, goes, target=stays), None),
            (Change(ChangeKind.MERGE, stays, target=goes), None),
        ]
        yield _matter(MatterKind.PAIR, words, support(why, both), offered)


def _splits(read: Read, on: Ground) -> Iterator[Matter]:
    """Two names of one skill that different people use."""
    ids = {s.id for s in on.taxonomy.skills()}
    for ident, names in sorted(read.named.items()):
        skill = on.taxonomy.skill(ident)
        users = {n: {s.learner_id for s in seen} for n, seen in names.items()}
        users = {n: who for n, who in users.items() if len(who) >= on.rules.least_people}
        for one, other in combinations(sorted(users), 2):
            if skill is None or stems(one) & stems(other):
                continue
            both, either = users[one] & users[other], users[one] | users[other]
            if len(both) > on.rules.split_overlap * len(either):
                continue
            parts = tuple(
                Skill(free_id(n, ids), n, skill.kind, skill.family, broader=skill.broader) for n in (one, other)
            )
            why = f"{len(either)} people: “{one}” or “{other}”, {len(both)} of them both"
            told = support(why, [*names[one], *names[other]])
            yield _matter(MatterKind.NAMES, (one, other), told, [(Change(ChangeKind.SPLIT, ident, skills=parts), None)])
            break


def labels(taxonomy: Taxonomy, ids: Iterable[str]) -> Mapping[str, str]:
    """Labels by id; an id that is not there stays as it is."""
    return {i: s.label if (s := taxonomy.skill(i)) else i for i in ids}
