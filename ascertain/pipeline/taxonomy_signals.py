"""What people's evidence says about the taxonomy itself: terms that no skill fits, names that are used, skills that
come together or apart. Agents have proposed the terms and picked the skills; which change follows is counted here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from ascertain.domain.charter import ChangeKind, ProposalRules
from ascertain.domain.overlays import Change
from ascertain.domain.people import Learner
from ascertain.domain.ports import Mapper, Taxonomy, UnitOfWork
from ascertain.domain.skills import Candidate, Skill
from ascertain.domain.stewardship import Ref, Seen, Support, support

MOST = 50
"""Proposals of one look, those of the most people first."""
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Signal:
    """A change that the evidence speaks for."""

    change: Change
    support: Support


@dataclass
class _Read:
    """What present runs hold: quotes by term, by skill, by skill and name."""

    terms: dict[str, list[Seen]] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    picked: dict[str, list[Seen]] = field(default_factory=dict)
    named: dict[str, dict[str, list[Seen]]] = field(default_factory=dict)


def signals(
    uow: UnitOfWork, people: Sequence[Learner], taxonomy: Taxonomy, mapper: Mapper, rules: ProposalRules
) -> list[Signal]:
    """Changes that the present runs of ``people`` speak for, those of the most people first; none of fewer people than
    the charter asks for."""
    read = _read(uow, people, taxonomy)
    found = [*_terms(read, taxonomy, mapper, rules), *_renames(read, taxonomy, rules)]
    found += [*_merges(read, rules), *_splits(read, taxonomy, rules)]
    found = [s for s in found if s.support.people >= rules.least_people]
    return sorted(found, key=lambda s: (-s.support.people, -s.support.quotes, s.change.kind, s.change.skill_id))[:MOST]


def _read(uow: UnitOfWork, people: Sequence[Learner], taxonomy: Taxonomy) -> _Read:
    read = _Read()
    patterns: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for learner in people:
        run = uow.runs.latest(learner.id)
        if run is None:
            continue
        docs = uow.runs.documents(run.id, ("claims", "picks", "notes"))
        dates: dict[str, date | None] = {e.id: e.occurred_on for e in uow.evidence.of(learner.id)}
        claims = {c["id"]: c for c in docs.get("claims") or ()}
        seen = {i: Seen(learner.id, Ref(run.id, i), dates.get(c["evidence_id"])) for i, c in claims.items()}
        for term in (docs.get("notes") or {}).get("proposals", ()):
            key = str(term).casefold()
            rows = [seen[i] for i, c in claims.items() if key in c["quote"].casefold()]
            read.terms.setdefault(key, []).extend(rows)
            read.spelled.setdefault(key, str(term))
        for p in docs.get("picks") or ():
            claim, skill = claims.get(p["claim_id"]), taxonomy.skill(p["skill_id"])
            if claim is None or skill is None or p["via"] == "tag":  # a tag is the course's word, not the person's
                continue
            read.picked.setdefault(skill.id, []).append(seen[p["claim_id"]])
            if skill.id not in patterns:
                patterns[skill.id] = [(n, _whole(n)) for n in (skill.label, *skill.synonyms)]
            for name, pattern in patterns[skill.id]:
                if pattern.search(claim["quote"]):
                    read.named.setdefault(skill.id, {}).setdefault(name, []).append(seen[p["claim_id"]])
    return read


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _terms(read: _Read, taxonomy: Taxonomy, mapper: Mapper, rules: ProposalRules) -> Iterator[Signal]:
    """A term of enough people: another name of the skill whose own names have all its words or the other way round,
    else a new skill."""
    wanted = sorted(t for t, seen in read.terms.items() if _people(seen) >= rules.least_people)
    near = mapper.map(wanted, top=5) if wanted else []
    taken = {n.casefold() for s in taxonomy.skills() for n in (s.label, *s.synonyms)}
    ids = {s.id for s in taxonomy.skills()}
    for term, candidates in zip(wanted, near, strict=True):
        if term in taken:
            continue
        name = read.spelled[term]
        told = support(f"no skill fits the term “{name}”", read.terms[term])
        skill = _kin(name, candidates, taxonomy)
        if skill is not None:
            yield Signal(Change(ChangeKind.SYNONYM, skill.id, names=(name,)), told)
        else:
            yield Signal(Change(ChangeKind.NEW, skills=(Skill(free_id(name, ids), name),)), told)


def _kin(term: str, candidates: Sequence[Candidate], taxonomy: Taxonomy) -> Skill | None:
    asked = _stems(term)
    for c in candidates:
        skill = taxonomy.skill(c.skill_id)
        for name in (skill.label, *skill.synonyms) if skill else ():
            own = _stems(name)
            if own and asked and (own <= asked or asked <= own):
                return skill
    return None


def _stems(name: str) -> frozenset[str]:
    return frozenset(w.casefold().removesuffix("s") for w in _WORDS.findall(name) if len(w) > 2)


def free_id(name: str, taken: Iterable[str]) -> str:
    """An id for a new skill: its words, with a number where that is taken."""
    known = set(taken)
    base = "-".join(w.casefold() for w in _WORDS.findall(name)) or "skill"
    return next(i for i in (base, *(f"{base}-{n}" for n in range(2, len(known) + 3))) if i not in known)


def _renames(read: _Read, taxonomy: Taxonomy, rules: ProposalRules) -> Iterator[Signal]:
    """A form of the label that people use many times as often as the label itself."""
    for ident, names in sorted(read.named.items()):
        skill = taxonomy.skill(ident)
        if skill is None:
            continue
        label = len(names.get(skill.label, ()))
        best = max((n for n in names if _form_of(skill.label, n)), key=lambda n: (len(names[n]), n), default=None)
        if best is not None and len(names[best]) >= rules.rename_ratio * max(1, label):
            why = f"“{best}” stands in {len(names[best])} quotes, “{skill.label}” in {label}"
            yield Signal(Change(ChangeKind.RENAME, ident, names=(best,)), support(why, names[best]))


def _form_of(label: str, name: str) -> bool:
    """Whether a synonym is another form of the label: they share a word, or it is made of its initials. A tool among
    the synonyms of what it is used for is none."""
    if name == label:
        return False
    initials = "".join(w[0] for w in _WORDS.findall(label)).casefold()
    return bool(_stems(label) & _stems(name)) or (len(name) > 1 and initials.startswith(name.casefold()))


def _merges(read: _Read, rules: ProposalRules) -> Iterator[Signal]:
    """Two skills that nearly always come out of the same quotes. The one with more quotes stays."""
    by_claim: dict[Ref, set[str]] = {}
    for skill, seen in read.picked.items():
        for s in seen:
            by_claim.setdefault(s.ref, set()).add(skill)
    pairs = sorted({pair for skills in by_claim.values() for pair in combinations(sorted(skills), 2)})
    for one, other in pairs:
        a, b = set(read.picked[one]), set(read.picked[other])
        both = a & b
        if len(both) < rules.merge_overlap * len(a | b):
            continue
        stays, goes = (one, other) if len(a) >= len(b) else (other, one)
        why = f"{len(both)} of {len(a | b)} quotes that show either show both"
        yield Signal(Change(ChangeKind.MERGE, goes, target=stays), support(why, both))


def _splits(read: _Read, taxonomy: Taxonomy, rules: ProposalRules) -> Iterator[Signal]:
    """Two names of one skill that different people use."""
    ids = {s.id for s in taxonomy.skills()}
    for ident, names in sorted(read.named.items()):
        skill = taxonomy.skill(ident)
        users = {n: {s.learner_id for s in seen} for n, seen in names.items()}
        users = {n: who for n, who in users.items() if len(who) >= rules.least_people}
        for one, other in combinations(sorted(users), 2):
            if skill is None or _stems(one) & _stems(other):
                continue
            both, either = users[one] & users[other], users[one] | users[other]
            if len(both) > rules.split_overlap * len(either):
                continue
            parts = tuple(
                Skill(free_id(n, ids), n, skill.kind, skill.family, broader=skill.broader) for n in (one, other)
            )
            why = f"{len(either)} people: “{one}” or “{other}”, {len(both)} of them both"
            yield Signal(Change(ChangeKind.SPLIT, ident, skills=parts), support(why, [*names[one], *names[other]]))
            break


def _people(seen: Iterable[Seen]) -> int:
    return len({s.learner_id for s in seen})


def labels(taxonomy: Taxonomy, ids: Iterable[str]) -> Mapping[str, str]:
    """Labels by id; an id that is not there stays as it is."""
    return {i: s.label if (s := taxonomy.skill(i)) else i for i in ids}
