"""What present runs hold that says something about the taxonomy: quotes by term, by skill, by skill and name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.stewardship import Ref, Seen

_WORDS = re.compile(r"[^\W_]+")


@dataclass
class Read:
    """What was read.

    Attributes:
        terms: quotes by term (in small letters) that an agent proposed; ``spelled``: how it was first written.
        unfit: quotes that no skill was picked for.
        picked, named: quotes by skill, and by skill and name.
    """

    terms: dict[str, list[Seen]] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    unfit: list[tuple[str, Seen]] = field(default_factory=list)
    picked: dict[str, list[Seen]] = field(default_factory=dict)
    named: dict[str, dict[str, list[Seen]]] = field(default_factory=dict)


def read_runs(uow: UnitOfWork, people: Sequence[Learner], taxonomy: Taxonomy) -> Read:
    """The present runs of ``people``."""
    read = Read()
    patterns: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for learner in people:
        run = uow.runs.latest(learner.id)
        if run is None:
            continue
        docs = uow.runs.documents(run.id, ("claims", "picks", "notes"))
        dates: dict[str, date | None] = {e.id: e.occurred_on for e in uow.evidence.of(learner.id)}
        claims = {c["id"]: c for c in docs.get("claims") or ()}
        seen = {i: Seen(learner.id, Ref(run.id, i), dates.get(c["evidence_id"])) for i, c in claims.items()}
        picks = docs.get("picks") or ()
        fits = {p["claim_id"] for p in picks}
        read.unfit += [(c["quote"], seen[i]) for i, c in claims.items() if i not in fits]
        for term in (docs.get("notes") or {}).get("proposals", ()):
            key = str(term).casefold()
            rows = [seen[i] for i, c in claims.items() if key in c["quote"].casefold()]
            read.terms.setdefault(key, []).extend(rows)
            read.spelled.setdefault(key, str(term))
        for p in picks:
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


def people_of(seen: Iterable[Seen]) -> int:
    """How many different people."""
    return len({s.learner_id for s in seen})


def stems(name: str) -> frozenset[str]:
    """Words of three letters or more, without a plural's s."""
    return frozenset(w.casefold().removesuffix("s") for w in _WORDS.findall(name) if len(w) > 2)


def initials(name: str) -> str:
    """First letters, small."""
    return "".join(w[0] for w in _WORDS.findall(name)).casefold()


def free_id(name: str, taken: Iterable[str]) -> str:
    """An id for a new skill: its words, with a number where that is taken."""
    known = set(taken)
    base = "-".join(w.casefold() for w in _WORDS.findall(name)) or "skill"
    return next(i for i in (base, *(f"{base}-{n}" for n in range(2, len(known) + 3))) if i not in known)


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
