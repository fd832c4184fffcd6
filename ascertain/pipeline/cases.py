"""Builds the case file: one learner's evidence, masked, with the role, tags and catalogue that the crew may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ascertain.domain.assertion import AssertionState
from ascertain.domain.canonical import digest
from ascertain.domain.casefile import CaseFile, CatalogueItem, Mentor, Versions
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.skills import ContentTag, JobProfile
from ascertain.errors import NotFoundError
from ascertain.pipeline.pseudonyms import Directory, KeyedPseudonymiser

FINISHED = frozenset({EvidenceKind.COMPLETION, EvidenceKind.ASSESSMENT, EvidenceKind.CERTIFICATION})

SUMMARY_CHARS = 280
"""How much of a course description the curator sees: the first sentences say what it teaches."""


@dataclass(frozen=True, slots=True)
class Landscape:
    """What is the same for every learner: read once, used for each case. ``key`` tells whether it is still so."""

    tags: Mapping[str, tuple[ContentTag, ...]]
    items: Mapping[str, CatalogueItem]
    mentors: tuple[tuple[str, Mentor], ...]
    directory: Directory
    stamp: str
    key: tuple[str, ...]


class CaseBuilder:
    """Builds case files and their cheap stamps. Between calls it keeps only the landscape."""

    def __init__(
        self, taxonomy: Taxonomy, tagger: str, versions: Versions, pseudonyms: KeyedPseudonymiser, as_of: date
    ) -> None:
        self._taxonomy = taxonomy
        self._tagger = tagger
        self._versions = versions
        self._pseudonyms = pseudonyms
        self._as_of = as_of
        self._landscape: Landscape | None = None

    def landscape(self, uow: UnitOfWork) -> Landscape:
        """Catalogue, tags, names and mentors, read again only when people or content have changed."""
        key = (uow.people.stamp(), uow.contents.stamp(self._tagger))
        if self._landscape is None or self._landscape.key != key:
            self._landscape = self._read(uow, key)
        return self._landscape

    def _read(self, uow: UnitOfWork, key: tuple[str, ...]) -> Landscape:
        tags = uow.contents.tags(self._tagger)
        items = {c.item.content_id: replace(c.item, summary=c.item.summary[:SUMMARY_CHARS]) for c in uow.contents.all()}
        mentors = self._mentors(uow)
        return Landscape(
            tags=tags,
            items=items,
            mentors=mentors,
            directory=Directory.of(uow.people.all(active_only=False)),
            stamp=digest({"tags": tags, "items": items, "mentors": mentors}),
            key=key,
        )

    def role_of(self, uow: UnitOfWork, learner: Learner) -> JobProfile | None:
        """The learner's job profile in the taxonomy in use.

        A stored profile whose skills this taxonomy does not know gives way to the taxonomy's own occupation that it
        refers to: that is how the same people are assessed against ESCO occupations.
        """
        if learner.job_profile_id is None:
            return None
        stored = uow.roles.get(learner.job_profile_id)
        if stored is None:
            return self._taxonomy.job_profile(learner.job_profile_id)
        if any(self._taxonomy.skill(r.skill_id) for r in stored.requirements):
            return stored
        for reference in stored.references.values():
            if found := self._taxonomy.job_profile(reference):
                return found
        return None

    def build(self, uow: UnitOfWork, learner: Learner, landscape: Landscape) -> CaseFile:
        """The frozen, pseudonymised view of one learner.

        Raises:
            PseudonymError: when a text cannot be masked; nothing of the case is shown then.
        """
        pseudonyms = self._pseudonyms.with_directory(landscape.directory)
        pseudonym = pseudonyms.pseudonym(learner.id)
        known = uow.evidence.of(learner.id)
        withheld: list[str] = []
        usable = [e for e in known if learner.reviews_consent or not e.sensitive]
        if hidden := len(known) - len(usable):
            withheld.append(f"{hidden} colleagues' opinions: consent withdrawn")
        evidence = tuple(_masked(e, pseudonym, pseudonyms) for e in usable)
        role = self.role_of(uow, learner)
        catalogue = _relevant(landscape, role)
        wanted = {c.content_id for c in catalogue} | {e.content_id for e in evidence if e.content_id}
        return CaseFile(
            pseudonym=pseudonym,
            as_of=self._as_of,
            evidence=evidence,
            versions=self._versions,
            role=role,
            hours_per_week=learner.hours_per_week,
            language=learner.language,
            tags={c: landscape.tags[c] for c in sorted(wanted) if c in landscape.tags},
            catalogue=catalogue,
            completed=frozenset(
                e.content_id for e in evidence if e.content_id and e.kind in FINISHED and e.passed is not False
            ),
            mentors=tuple(m for owner, m in landscape.mentors if owner != learner.id),
            withheld=tuple(withheld),
        )

    def stamp(self, learner: Learner, role_stamp: str, evidence_stamp: str, landscape: Landscape) -> str:
        """Digest of everything :meth:`build` reads, without reading it: equal stamps, equal case."""
        return digest([learner, role_stamp, evidence_stamp, landscape.stamp, self._versions, self._as_of])

    def _mentors(self, uow: UnitOfWork) -> tuple[tuple[str, Mentor], ...]:
        """Accepted assertions made before this month: a snapshot, so that the order of a sweep changes nothing."""
        rows = [
            (a.learner_id, Mentor(self._pseudonyms.pseudonym(a.learner_id), a.skill_id, a.level))
            for a in uow.assertions.all()
            if a.state is AssertionState.ACCEPTED and a.level and a.level >= 4 and a.created_at.date() < self._as_of
        ]
        return tuple(sorted(rows, key=lambda r: (r[1].skill_id, -int(r[1].level), r[1].pseudonym)))


def learner_or_raise(uow: UnitOfWork, text: str) -> Learner:
    """Find a learner by id or e-mail address.

    Raises:
        NotFoundError: naming what was looked for.
    """
    learner = uow.people.find(text)
    if learner is None:
        raise NotFoundError(
            f"there is no learner {text!r}", remedy="give an id or e-mail address; `ascertain sync` first"
        )
    return learner


def _masked(e: Evidence, pseudonym: str, pseudonyms: KeyedPseudonymiser) -> Evidence:
    """Without source reference: it may hold account ids."""
    return replace(e, learner_id=pseudonym, source_ref="", title=pseudonyms.mask(e.title), text=pseudonyms.mask(e.text))


def _relevant(landscape: Landscape, role: JobProfile | None) -> tuple[CatalogueItem, ...]:
    """Items that teach a required skill or are mandatory, with the prerequisites they need."""
    if role is None:
        return ()
    required = {r.skill_id for r in role.requirements}
    wanted = {
        c
        for c, item in landscape.items.items()
        if item.mandatory or any(t.skill_id in required for t in landscape.tags.get(c, ()))
    }
    todo = list(wanted)
    while todo:
        for p in landscape.items[todo.pop()].prerequisites:
            if p in landscape.items and p not in wanted:
                wanted.add(p)
                todo.append(p)
    return tuple(landscape.items[c] for c in sorted(wanted))
