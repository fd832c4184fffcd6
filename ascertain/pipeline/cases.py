"""Builds the case file: one learner's evidence, masked, with the role, tags and catalogue that the crew may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ascertain.domain.assignments import AssignmentState
from ascertain.domain.canonical import digest
from ascertain.domain.casefile import CaseFile, CatalogueItem, Mentor, Versions
from ascertain.domain.consent import SOURCE_OF, WORDS, Purpose, Source
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.mentoring import AcrossLines, kept_apart
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.skills import ContentTag, JobProfile, Level
from ascertain.errors import NotFoundError, PseudonymError
from ascertain.pipeline.led_codes import led_tags
from ascertain.pipeline.pilot_skills import role_within, tags_within
from ascertain.pipeline.pseudonyms import Directory, KeyedPseudonymiser
from ascertain.pipeline.rectify import renamed

FINISHED = frozenset({EvidenceKind.COMPLETION, EvidenceKind.ASSESSMENT, EvidenceKind.CERTIFICATION})

SUMMARY_CHARS = 280
"""How much of a course description the curator sees: the first sentences say what it teaches."""

MENTOR_LEVEL = Level.ADVANCED
"""From this accepted level on somebody can help others."""

MENTORS_PER_SKILL = 4
"""As many as a case can show a skill, and one in reserve for when the learner is among them."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What of the landscape stamps need: the catalogue and the month. Nothing in it grows with the people."""

    tags: Mapping[str, tuple[ContentTag, ...]]
    items: tuple[CatalogueItem, ...]
    as_of: date
    stamp: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Landscape:
    """What is the same for every learner: read once, used for each case.

    ``mentors`` are (learner id, mentor) by skill, best first; ``masker`` knows everybody's names; ``key`` tells whether
    it is still so; ``offers`` fills with the catalogue that matters to a set of required skills.
    """

    tags: Mapping[str, tuple[ContentTag, ...]]
    items: Mapping[str, CatalogueItem]
    mentors: Mapping[str, tuple[tuple[str, Mentor], ...]]
    managers: Mapping[str, str | None]
    masker: KeyedPseudonymiser
    as_of: date
    key: tuple[str, ...]
    offers: dict[frozenset[str], tuple[CatalogueItem, ...]] = field(default_factory=dict)


class CaseBuilder:
    """Builds case files and their cheap stamps. Between calls it keeps only the landscape.

    ``as_of`` is asked for each case: a worker that lives over the end of a month goes on with the new one.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        tagger: str,
        versions: Versions,
        pseudonyms: KeyedPseudonymiser,
        as_of: Callable[[], date],
        pilot_skills: Callable[[str], frozenset[str] | None] = lambda _: None,
        across_lines: AcrossLines = AcrossLines.WITH_LEAVE,
    ) -> None:
        """``pilot_skills``: the skills of a pilot by its id, ``None`` for all."""
        self._across_lines = across_lines
        self._taxonomy = taxonomy
        self._tagger = tagger
        self.versions = versions
        self._pseudonyms = pseudonyms
        self.as_of = as_of
        self._pilot_skills = pilot_skills
        self._ground: Ground | None = None
        self._landscape: Landscape | None = None
        self._role_stamps: dict[str, tuple[JobProfile, str]] = {}

    def ground(self, uow: UnitOfWork) -> Ground:
        """Catalogue and tags, read again only when content has changed."""
        as_of = self.as_of()
        key = uow.contents.stamp(self._tagger), as_of.isoformat()
        if self._ground is None or self._ground.key != key:
            has = self._taxonomy.skill
            every = uow.contents.tags(self._tagger)
            tags = {c: tuple(t for t in some if has(t.skill_id) is not None) for c, some in every.items()}
            items = tuple(c.item for c in uow.contents.all())
            self._ground = Ground(tags, items, as_of, digest({"tags": tags, "items": items}), key)
        return self._ground

    def landscape(self, uow: UnitOfWork) -> Landscape:
        """Catalogue, tags, names and mentors, read again only when people, content or disputes have changed."""
        ground = self.ground(uow)
        key = (uow.people.stamp(), uow.disputes.stamp(), *ground.key)
        if self._landscape is None or self._landscape.key != key:
            self._landscape = None  # before the next one is read: names of many people are much
            self._landscape = self._read(uow, ground, key)
        return self._landscape

    def directory(self, uow: UnitOfWork, people: Iterable[Learner], accounts: Iterable[str]) -> Directory:
        """Whom the masker looks for among ``people``."""
        return directory_of(people, accounts, self._taxonomy)

    def _read(self, uow: UnitOfWork, ground: Ground, key: tuple[str, ...]) -> Landscape:
        managers: dict[str, str | None] = {}
        staff: set[str] = set()

        def everybody() -> Iterator[Learner]:
            for p in uow.people.stream():
                managers[p.id] = p.manager_id
                if may_help(p):
                    staff.add(p.id)
                yield p
            yield from renamed(uow)

        masker = self._pseudonyms.with_directory(self.directory(uow, everybody(), uow.people.accounts()))
        return Landscape(
            tags=ground.tags,
            items={i.content_id: m for i in ground.items if (m := _shown(i, masker)) is not None},
            mentors=self._mentors(uow, staff, ground.as_of),
            managers=managers,
            masker=masker,
            as_of=ground.as_of,
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

    def build(self, uow: UnitOfWork, learner: Learner, role: JobProfile | None, landscape: Landscape) -> CaseFile:
        """The frozen, pseudonymised view of one learner in a role (see :meth:`role_of`).

        Raises:
            PseudonymError: when a text cannot be masked; nothing of the case is shown then.
        """
        domain = self._domain(learner)
        role = role_within(role, domain)
        masker = landscape.masker
        pseudonym = masker.pseudonym(learner.id)
        known = uow.evidence.of(learner.id)
        usable = [e for e in known if learner.allows(e)]
        evidence = tuple(_masked(e, pseudonym, masker) for e in usable)
        catalogue = relevant(landscape, role)
        wanted = {c.content_id for c in catalogue} | {e.content_id for e in evidence if e.content_id}
        return CaseFile(
            pseudonym=pseudonym,
            as_of=landscape.as_of,
            evidence=evidence,
            versions=self.versions,
            role=masked_role(role, masker),
            hours_per_week=learner.hours_per_week,
            language=learner.language,
            tags=tags_within(
                {c: landscape.tags[c] for c in sorted(wanted) if c in landscape.tags} | self._led(usable), domain
            ),
            catalogue=catalogue,
            completed=frozenset(
                e.content_id for e in evidence if e.content_id and e.kind in FINISHED and e.passed is not False
            ),
            mentors=self._helpers(uow, landscape, role, learner),
            withheld=_withheld(learner, known),
            withdrawals=learner.consents.withdrawals,
            domain=domain,
            wishes=uow.paths.wishes(learner.id),
            promised=_promised(uow, learner),
        )

    def _led(self, evidence: Iterable[Evidence]) -> dict[str, tuple[ContentTag, ...]]:
        """By evidence id, the skills that approved crosswalks lead its codes to."""
        found = {e.id: led_tags(e, self._taxonomy) for e in evidence if e.codes}
        return {i: tags for i, tags in sorted(found.items()) if tags}

    def _domain(self, learner: Learner) -> frozenset[str] | None:
        """The skills in question for somebody; ``None`` for all."""
        pilot = learner.consents.reach.pilot
        return self._pilot_skills(pilot) if pilot else None

    def stamp(self, learner: Learner, role: JobProfile | None, evidence_stamp: str, ground: Ground) -> str:
        """Digest of what a fingerprint depends on, without reading the evidence: equal stamps, equal fingerprints, but
        for what was asked of the path (that is planned anew when it is said) and for names that have become known
        since (``ascertain.pipeline.new_names`` empties the stamps of whom they touch). The other way round they may
        differ, since the whole catalogue is in it.
        """
        own = [learner.id, learner.hours_per_week, learner.language, _read_under(learner), self._domain(learner)]
        return digest([own, self._role_stamp(role), evidence_stamp, ground.stamp, self.versions, ground.as_of])

    def _role_stamp(self, role: JobProfile | None) -> str:
        """Many learners share a role; its digest is made once."""
        if role is None:
            return ""
        known, stamp = self._role_stamps.get(role.id, (None, ""))
        if known != role:
            stamp = digest(role)
            self._role_stamps[role.id] = role, stamp
        return stamp

    def _helpers(
        self, uow: UnitOfWork, landscape: Landscape, role: JobProfile | None, learner: Learner
    ) -> tuple[Mentor, ...]:
        """Mentors for what the role asks; never the learner themself, nor along a reporting line without leave."""
        required = sorted({r.skill_id for r in role.requirements}) if role else []
        if not any(s in landscape.mentors for s in required):
            return ()
        words = uow.mentoring.words(learner.id)

        def apart(owner: str) -> str:
            managers = landscape.managers.get
            return kept_apart(learner.id, owner, managers, words, self._across_lines, landscape.as_of)

        rows = [(s, [m for o, m in landscape.mentors.get(s, ()) if not apart(o)]) for s in required]
        return tuple(m for _, found in rows for m in found[:MENTORS_PER_SKILL])

    def _mentors(
        self, uow: UnitOfWork, staff: Collection[str], as_of: date
    ) -> dict[str, tuple[tuple[str, Mentor], ...]]:
        """From assertions made before this month, so that the order of a sweep changes nothing."""
        by_skill: dict[str, list[tuple[str, Mentor]]] = {}
        for a in uow.assertions.experts(MENTOR_LEVEL, made_before=as_of):
            if a.learner_id not in staff:
                continue
            mentor = Mentor(self._pseudonyms.pseudonym(a.learner_id), a.skill_id, a.level or MENTOR_LEVEL)
            by_skill.setdefault(a.skill_id, []).append((a.learner_id, mentor))
        return {
            s: tuple(sorted(rows, key=lambda r: (-int(r[1].level), r[1].pseudonym))) for s, rows in by_skill.items()
        }


def directory_of(people: Iterable[Learner], accounts: Iterable[str], taxonomy: Taxonomy) -> Directory:
    """Whom the masker looks for; the taxonomy says which words are skills or plain prose."""
    skills = taxonomy.skills()
    return Directory.of(
        people,
        accounts=accounts,
        skills=[label for s in skills for label in (s.label, *s.synonyms)],
        prose=[text for s in skills for text in (s.label, s.definition)],
    )


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


def _promised(uow: UnitOfWork, learner: Learner) -> tuple[str, ...]:
    """The items of the path that somebody has said yes to. A mere proposal promises nothing."""
    standing = uow.assignments.current(learner.id)
    if standing is None or standing.state is not AssignmentState.APPROVED:
        return ()
    return tuple(i.content_id for i in standing.items)


def _shown(item: CatalogueItem, masker: KeyedPseudonymiser) -> CatalogueItem | None:
    """A course may be named after whoever teaches it. One that cannot be masked is not offered."""
    try:
        return replace(item, title=masker.mask(item.title), summary=masker.mask(item.summary[:SUMMARY_CHARS]))
    except PseudonymError:
        return None


def masked_role(role: JobProfile | None, masker: KeyedPseudonymiser) -> JobProfile | None:
    """The role with names of people masked in its words."""
    if role is None:
        return None
    needs = tuple(replace(r, why=masker.mask(r.why)) for r in role.requirements)
    return replace(role, title=masker.mask(role.title), summary=masker.mask(role.summary), requirements=needs)


def _masked(e: Evidence, pseudonym: str, masker: KeyedPseudonymiser) -> Evidence:
    """Without source reference, which may hold account ids, and without codes: what they lead to is among the tags."""
    title, text = masker.mask(e.title), masker.mask(e.text)
    return replace(e, learner_id=pseudonym, source_ref="", title=title, text=text, codes=())


def may_help(p: Learner) -> bool:
    """Whether colleagues may be told that somebody can help."""
    return p.active and not p.restricted and p.consents.allows(Purpose.MENTORING)


def _read_under(learner: Learner) -> list[object]:
    """What of somebody's consents a case depends on: whether somebody wants to be found for openings, say, is none of
    it."""
    consents = learner.consents
    return [{t: consents.why_not(t) for t in (Purpose.ASSESSMENT, *Source)}, consents.withdrawals, consents.reach]


def _withheld(learner: Learner, known: Collection[Evidence]) -> tuple[str, ...]:
    """Sources that somebody has said no to, and what is stored of any that may not be used."""
    stored = Counter(SOURCE_OF[e.kind] for e in known if not learner.allows(e))
    refused = learner.consents.person.refused | learner.consents.organisation.refused
    return tuple(
        f"{f'{stored[s]} pieces of ' if stored[s] else ''}{WORDS[s]}: {learner.consents.why_not(s)}"
        for s in Source
        if stored[s] or (s in refused and not learner.consents.allows(s))
    )


def relevant(landscape: Landscape, role: JobProfile | None) -> tuple[CatalogueItem, ...]:
    """Items that teach a required skill or are mandatory, with the prerequisites they need."""
    if role is None:
        return ()
    required = frozenset(r.skill_id for r in role.requirements)
    if required in landscape.offers:
        return landscape.offers[required]
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
    landscape.offers[required] = tuple(landscape.items[c] for c in sorted(wanted))
    return landscape.offers[required]
