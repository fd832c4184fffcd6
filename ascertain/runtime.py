"""The composition root: puts adapters behind the ports, once. The only place that names ``crews.*``."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache, cached_property
from importlib import import_module
from itertools import chain
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, cast

from ascertain.connectors.key_service import open_key_manager
from ascertain.connectors.outgoing import open_outgoing, read_outgoing
from ascertain.connectors.registry import open_connectors
from ascertain.domain.calibration_fit import CalibrationFitter
from ascertain.domain.casefile import Versions
from ascertain.domain.charter import ChangeKind, Charter
from ascertain.domain.connector import Connector
from ascertain.domain.content_weighing import CatalogueCrew
from ascertain.domain.crosswalks import ConceptKind, StoredCrosswalk
from ascertain.domain.disputes import Dispute
from ascertain.domain.mentoring import MentoringRules
from ascertain.domain.onboarding import OnboardingPlan
from ascertain.domain.onboarding_crew import OnboardingCrew
from ascertain.domain.overlays import Change, Overlay
from ascertain.domain.permission import Principal
from ascertain.domain.ports import Clock, CrewServices, LearnerCrew, Taxonomy, UnitOfWork
from ascertain.domain.review_assign import SkillOwners
from ascertain.domain.rollout import Rollout, skills_of
from ascertain.domain.rules import Policy, calibrated
from ascertain.domain.sweeps import Sweep
from ascertain.domain.talent import TalentRules
from ascertain.domain.weighing import StewardCrew
from ascertain.errors import ConfigError
from ascertain.paths import APP_ROOT, CONFIG_DIR
from ascertain.pipeline.assess import Assessed, Assessor
from ascertain.pipeline.cases import CaseBuilder, directory_of
from ascertain.pipeline.charter import read_charter
from ascertain.pipeline.configuration import digest_of_file, note_changes
from ascertain.pipeline.content_tags import Desk as TagDesk
from ascertain.pipeline.ingest import sync
from ascertain.pipeline.ingest_report import Progress, SyncReport
from ascertain.pipeline.led_codes import CodeSeen, codes_seen
from ascertain.pipeline.mentoring import Desk as MentorDesk
from ascertain.pipeline.mentoring_file import read_mentoring
from ascertain.pipeline.mentoring_find import Seek
from ascertain.pipeline.messages import MessageReader, opted_in
from ascertain.pipeline.new_names import NewNames, look_for_new_names
from ascertain.pipeline.notice import Gate
from ascertain.pipeline.notify import Notifier
from ascertain.pipeline.onboarding_draft import Drafter
from ascertain.pipeline.onboarding_start import begin
from ascertain.pipeline.overdue import escalate
from ascertain.pipeline.path_plan import PathPlanner
from ascertain.pipeline.pseudonyms import KeyedPseudonymiser
from ascertain.pipeline.readiness import ReadinessGround
from ascertain.pipeline.receive import HandOn, InboxReport, work_off
from ascertain.pipeline.rectify import renamed
from ascertain.pipeline.rehearse import Rehearser, Shadow
from ascertain.pipeline.replay import calibration_of
from ascertain.pipeline.review_checks import Planter, fair_dice
from ascertain.pipeline.review_desk import Desk
from ascertain.pipeline.roles import read_roles
from ascertain.pipeline.rollout_file import read_rollout
from ascertain.pipeline.runs_view import typical
from ascertain.pipeline.skill_owners import read_skill_owners
from ascertain.pipeline.stop import must_go_on
from ascertain.pipeline.sweep import SweepPlan, plan_sweep
from ascertain.pipeline.sweep_run import Each, Swept, new_sweep, run_sweep
from ascertain.pipeline.tagging import TagReport, tag_contents, tagger_version
from ascertain.pipeline.talent_file import read_talent
from ascertain.pipeline.taxonomy_crosswalk import fits, held
from ascertain.pipeline.taxonomy_in_use import TaxonomyInUse
from ascertain.pipeline.taxonomy_propose import Look, look
from ascertain.pipeline.taxonomy_release import Leads, chosen_release, release_of
from ascertain.pipeline.taxonomy_signals import Ground, matters
from ascertain.pipeline.taxonomy_steward import Steward
from ascertain.pipeline.taxonomy_terms import Encode
from ascertain.pipeline.views import label
from ascertain.pipeline.views_gaps import countable
from ascertain.pipeline.weighing import WeighReport, weigh_contents
from ascertain.pipeline.write_back import WriteBack
from ascertain.planning.cpsat import CpSatSolver
from ascertain.planning.phases import CpSatPhases
from ascertain.policy import read_policy
from ascertain.settings import Settings, load_settings
from ascertain.store import Store, open_store
from ascertain.store.rollout import Boundaries
from ascertain.taxonomy.crosswalk import CrosswalkLibrary, CrosswalkReport, read_whole
from ascertain.taxonomy.denying import read_denied
from ascertain.taxonomy.encoder import Encoder
from ascertain.taxonomy.langchain import own_retrieval
from ascertain.taxonomy.library import STARTER, TaxonomyBundle, TaxonomyLibrary
from ascertain.variables import variables

WARMED_EVERY = 15.0
"""Seconds between two looks of a worker for names that have changed."""

CREW = "crews.learner:build"
RULES = "crews.learner:rules"
ONBOARDING = "crews.onboarding:build"
STEWARDS = "crews.stewardship:build"
CATALOGUE_CREW = "crews.catalogue:build"


class SystemClock:
    """Wall time, UTC."""

    def now(self) -> datetime:
        """Now, aware."""
        return datetime.now(UTC)

    def today(self) -> date:
        """Today in UTC."""
        return self.now().date()


class App:
    """Everything wired together. Open with :func:`open_app`; safe to inherit over a fork (no threads, no kickoff)."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.policy, self._policy_text = read_policy(settings.policy_file)
        self._warmed = 0.0
        self._assessors: dict[tuple[str, str], Assessor] = {}
        self._taggers: dict[str, str] = {}
        self.rollout: Rollout = read_rollout(settings.rollout_file)
        self._pilot_skills: dict[tuple[str, str], frozenset[str] | None] = {}
        self.pseudonyms = KeyedPseudonymiser(_pseudonym_key(settings))
        self.key_manager = open_key_manager(settings)
        audit = settings.home_dir / "audit"
        audit.mkdir(mode=0o700, exist_ok=True)
        self.store: Store = open_store(
            settings.effective_database_url,
            pseudonym=self.pseudonyms.pseudonym,
            checkpoint_file=audit / "checkpoints.jsonl",
            manager=self.key_manager,
            boundaries=Boundaries(self.rollout, self.pilot_skills),
        )

    # -- parts ------------------------------------------------------------------------------------------------------

    def units(self, *, write: bool = True) -> UnitOfWork:
        """A unit of work (one transaction)."""
        return self.store.units(write=write)

    @cached_property
    def library(self) -> TaxonomyLibrary:
        """Imported taxonomies and the starter."""
        return TaxonomyLibrary(self.settings.home_dir / "taxonomies", CONFIG_DIR, own=own_retrieval(self.settings))

    @cached_property
    def taxonomies(self) -> TaxonomyInUse[TaxonomyBundle]:
        """Which taxonomy is in use, and those of earlier results."""
        return TaxonomyInUse(self.units, self._open_taxonomy, self.settings.taxonomy, self.clock.now)

    def _open_taxonomy(self, name: str, overlay: Overlay | None) -> TaxonomyBundle:
        walks: list[StoredCrosswalk] = []
        if overlay is not None and overlay.crosswalks:
            with self.units(write=False) as uow:
                walks = [held(uow, ident) for ident in overlay.crosswalks]
        return self.library.open(name, overlay, walks)

    @property
    def bundle(self) -> TaxonomyBundle:
        """The taxonomy in use with its mapper."""
        return self.taxonomies.now()

    def taxonomy_of(self, version: str) -> Taxonomy | None:
        """The taxonomy that a result was made with, where it is still there."""
        return self.taxonomies.of_version(version)

    @property
    def tagger(self) -> str:
        """The version under which content tags are kept."""
        return self._tagger_of(self.bundle)

    def _tagger_of(self, bundle: TaxonomyBundle) -> str:
        known = self._taggers.get(bundle.taxonomy.version)
        if known is None:
            known = tagger_version(bundle.taxonomy, bundle.mapper, self.policy.mapping)
            self._taggers = {bundle.taxonomy.version: known}
        return known

    def pilot_skills(self, pilot: str) -> frozenset[str] | None:
        """The skills of a pilot in the taxonomy in use; ``None`` for all, and for a pilot that is no longer there."""
        found = self.rollout.pilot(pilot)
        if found is None or found.domain.everything:
            return None
        taxonomy = self.bundle.taxonomy
        key = pilot, taxonomy.version
        if key not in self._pilot_skills:
            self._pilot_skills = {**self._pilot_skills, key: skills_of(found.domain, taxonomy.skills())}
        return self._pilot_skills[key]

    @cached_property
    def crew(self) -> LearnerCrew:
        """The learner crew; imports CrewAI (seconds), so only where it is needed."""
        return cast(LearnerCrew, load(CREW)(self.settings.brain))

    @cached_property
    def _rules(self) -> LearnerCrew | None:
        """The rules, beside a brain that may ask a model."""
        return None if self.settings.brain == "embedded" else cast(LearnerCrew, load(RULES)())

    @cached_property
    def stewards(self) -> StewardCrew:
        """The crew that weighs what the evidence says of the taxonomy; imports CrewAI when it works."""
        return cast(StewardCrew, load(STEWARDS)(self.settings.brain))

    @cached_property
    def catalogue_crew(self) -> CatalogueCrew:
        """The crew that weighs content tags."""
        return cast(CatalogueCrew, load(CATALOGUE_CREW)(self.settings.brain))

    @property
    def as_of(self) -> date:
        """The day from which recency is measured: the first of this month."""
        return self.clock.today().replace(day=1)

    @property
    def builder(self) -> CaseBuilder:
        """Builds case files, under the calibration in use."""
        return self._wired().builder

    @property
    def services(self) -> CrewServices:
        """What a crew's tools may reach, under the calibration in use."""
        return self._wired().services

    @property
    def assessor(self) -> Assessor:
        """The assessment use case, under the calibration in use."""
        return self._wired()

    def _wired(self) -> Assessor:
        """A worker lives for days: a calibration, or a change of the taxonomy, that is put in use meanwhile counts from
        its next case on."""
        bundle = self.taxonomies.renew()
        with self.units(write=False) as uow:
            version = uow.calibrations.in_use()
            key = version, bundle.taxonomy.version
            known = self._assessors.get(key)
            calibration = None if known else calibration_of(uow, version)
        if known is None:
            services = self._services(bundle, calibrated(self.policy, calibration))
            builder = self._builder(bundle, version)
            known = Assessor(self.units, builder, self.crew, services, self.clock, self.owners, self.gate, self._rules)
            self._assessors = {key: known}
        return known

    def _builder(self, bundle: TaxonomyBundle, calibration: str) -> CaseBuilder:
        """Content that the present mapper has not seen (another taxonomy, a new release) is mapped first: a course
        without tags would count for nothing."""
        self.tag()
        if self.taxonomies.name != STARTER:  # which comes with the product
            self.taxonomies.pin()
        versions = Versions(
            policy=self.policy.version,
            taxonomy=bundle.taxonomy.version,
            brain=self.crew.brain_version,
            prompts=self.crew.prompts_version,
            mapper=bundle.mapper.version,
            calibration=calibration,
        )
        return CaseBuilder(
            bundle.taxonomy,
            self._tagger_of(bundle),
            versions,
            self.pseudonyms,
            lambda: self.as_of,
            self.pilot_skills,
            self._mentoring.across_lines,
        )

    def _services(self, bundle: TaxonomyBundle, policy: Policy) -> CrewServices:
        taxonomy = bundle.taxonomy
        solver = CpSatSolver(policy.path, label=lambda skill_id: label(taxonomy, skill_id))
        return CrewServices(taxonomy, bundle.mapper, solver, policy, purse=self.store.purse())

    def planner(self) -> PathPlanner:
        """Plans paths anew between runs."""
        services = self.services
        return PathPlanner(self.builder, services.solver, services.policy, self.clock, self.gate)

    @cached_property
    def fitter(self) -> CalibrationFitter:
        """Fits calibrations. NumPy and scikit-learn are imported for it, not with everything."""
        from ascertain.calibrating import ScikitFitter

        return ScikitFitter()

    @cached_property
    def owners(self) -> SkillOwners:
        """Who owns which skills."""
        return read_skill_owners(self.settings.skill_owners_file)

    @cached_property
    def charter(self) -> Charter:
        """Who approves which change of the taxonomy, and what makes a content tag trusted."""
        return read_charter(self.settings.charter_file)

    @cached_property
    def talent(self) -> TalentRules:
        """Whether people are compared with openings, and how."""
        return read_talent(self.settings.talent_file)

    @cached_property
    def _mentoring(self) -> MentoringRules:
        return read_mentoring(self.settings.mentoring_file)

    @property
    def mentors(self) -> MentorDesk:
        """Who could be whose mentor, by the rules of today."""
        return MentorDesk(Seek(self._mentoring, self.clock.today()), self.clock)

    @property
    def readiness(self) -> ReadinessGround:
        """What readiness for key roles is made with."""
        return ReadinessGround(self.talent, self.policy, self.tagger)

    @property
    def gate(self) -> Gate:
        """Who may be assessed: people who were told, and who have not said no."""
        return Gate(self.settings.notice_required, self.policy.notice)

    # -- use cases --------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Bring the store to the present schema and keep the policy and the job profiles in it. Safe to repeat."""
        self.store.migrate()
        with self.units() as uow:
            uow.policies.put(self.policy.version, self._policy_text)
            uow.roles.upsert(read_roles())
            note_changes(uow, self._configuration())
            uow.commit()
        self.taxonomies.keep()

    def _configuration(self) -> dict[str, str]:
        files = {
            "connections": self.settings.connectors_file or CONFIG_DIR / "connectors.yaml",
            "outgoing": self.settings.outgoing_file or CONFIG_DIR / "outgoing.yaml",
            "charter": self.settings.charter_file or CONFIG_DIR / "charter.yaml",
            "skill_owners": self.settings.skill_owners_file or CONFIG_DIR / "skill_owners.yaml",
            "rollout": self.settings.rollout_file or CONFIG_DIR / "rollout.yaml",
            "talent": self.settings.talent_file or CONFIG_DIR / "talent.yaml",
            "mentoring": self.settings.mentoring_file or CONFIG_DIR / "mentoring.yaml",
            "schedules": self.settings.schedules_file or CONFIG_DIR / "schedules.yaml",
        }
        return {"policy": self.policy.version, **{name: digest_of_file(file) for name, file in files.items()}}

    def connectors(self, names: Sequence[str] = (), file: Path | None = None) -> list[Connector]:
        """The configured connections, or those named; of ``file`` where that is another one than the settings'.

        Raises:
            ConfigError: naming the missing secret or the unknown connection.
        """
        return open_connectors(
            file or self.settings.connectors_file,
            names=names,
            timeout=self.settings.http_timeout,
            budget=self.store.budget(),
        )

    def sync(
        self,
        *,
        names: Sequence[str] = (),
        full: bool = False,
        progress: Progress | None = None,
    ) -> SyncReport:
        """Pull from the connected systems."""
        connectors = self.connectors(names)
        return sync(
            connectors,
            self.units,
            clock=self.clock,
            progress=progress,
            full=full,
            budget=self.store.budget(),
            messages=self.message_reader(connectors),
        )

    def receive(self, connection: str, hand_on: HandOn) -> InboxReport:
        """Work off what a connection has sent by webhook.

        Raises:
            ConfigError: naming the missing secret or the unknown connection.
        """
        (connector,) = opened = self.connectors([connection])
        try:
            return work_off(
                connector,
                self.units,
                hand_on,
                clock=self.clock,
                budget=self.store.budget(),
                messages=self.message_reader(opened),
            )
        finally:
            connector.close()

    def message_reader(self, connectors: Sequence[Connector]) -> MessageReader | None:
        """Reads messages, where some connection may; loading the mapper takes a while."""
        names = opted_in(connectors)
        if not names:
            return None
        return MessageReader(self.bundle.mapper, self.policy.mapping, names, self.masker().mask)

    def masker(self) -> KeyedPseudonymiser:
        """Knows everybody, before there is a case."""
        with self.units(write=False) as uow:
            people = chain(uow.people.stream(), renamed(uow))
            return self.pseudonyms.with_directory(directory_of(people, uow.people.accounts(), self.bundle.taxonomy))

    def tag(
        self, progress: Callable[[int, int], None] | None = None, *, only: Collection[str] | None = None
    ) -> TagReport:
        """Map new or changed catalogue content to skills, or of that only ``only``."""
        mapping = self.policy.mapping
        return tag_contents(self.units, self.bundle.mapper, mapping, self.tagger, progress, self.masker().mask, only)

    def weigh(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        only: Collection[str] | None = None,
        go_on: Callable[[], bool] = lambda: True,
        seconds: float | None = None,
    ) -> WeighReport:
        """Let the catalogue crew look at mapped content that it has not looked at; ``seconds`` is what each of its runs
        may take."""
        services = replace(self._services(self.bundle, self.policy), seconds=seconds)
        return weigh_contents(
            self.units,
            self.catalogue_crew,
            services,
            self.tagger,
            mask=self.masker().mask,
            only=only,
            progress=progress,
            go_on=go_on,
        )

    def library_open(self) -> list[str]:
        """Content that is not mapped, or not weighed by the present crew."""
        with self.units(write=False) as uow:
            unmapped = [c.item.content_id for c in uow.contents.untagged(self.tagger)]
            return sorted({*unmapped, *uow.weighings.open(self.tagger, self.catalogue_crew.version)})

    def tag_desk(self, uow: UnitOfWork) -> TagDesk:
        """Content tags and what people say of them, in that unit of work."""
        return TagDesk(uow, self.tagger, self.bundle.taxonomy, self.charter.tags, self.clock)

    def steward(self, uow: UnitOfWork) -> Steward:
        """Changes of the taxonomy in use, in that unit of work. Whoever applies or reverts one calls
        ``taxonomies.renew`` after the commit."""
        return Steward(
            uow,
            self.taxonomies.name,
            self.taxonomies.renew(),
            self.taxonomies.changes(),
            self.taxonomies.under,
            self.tagger,
            self.charter,
            self.policy,
            self.owners,
            read_denied(),
            self.clock,
        )

    @property
    def crosswalks(self) -> CrosswalkLibrary:
        """Crosswalks that were imported on this machine. None counts before people have taken it up."""
        return CrosswalkLibrary(self.settings.home_dir / "taxonomies")

    def concepts(self, name: str, kind: ConceptKind) -> dict[str, str] | None:
        """Labels by id of the concepts of a taxonomy that is in use or imported here; ``None`` where it is neither."""
        if name == self.taxonomies.name:
            store = self.bundle.taxonomy
        elif name in self.library.names():
            store = self.library.open(name).taxonomy
        else:
            return None
        if kind is ConceptKind.SKILL:
            return {s.id: s.label for s in store.skills()}
        return {p.id: p.title for p in store.job_profiles()}

    def read_crosswalk(
        self, raw: bytes, file: str, source: str, target: str, kind: ConceptKind | None = None
    ) -> tuple[StoredCrosswalk, CrosswalkReport]:
        """A crosswalk out of the bytes of a file, without what can never be a skill.

        Raises:
            InputError: no row of it can be used.
        """
        known = cache(self.concepts)
        return read_whole(raw, file, source, target, kind, known, read_denied())

    def codes(self, uow: UnitOfWork) -> list[CodeSeen]:
        """Ids of other taxonomies that the evidence of people who agree to being counted names, and where they lead."""
        counted = {p.id for p in countable(uow.people.all())}
        rows = (row for row in uow.evidence.coded() if row[0] in counted)
        return codes_seen(rows, self.bundle.taxonomy, self.charter.proposals.least_people)

    def crosswalk(self, walk: StoredCrosswalk) -> Change:
        """To take up a crosswalk. It is kept in the database, so that every worker has it.

        Raises:
            InputError: it leads neither from nor to the taxonomy in use.
        """
        fits(walk, self.taxonomies.name)
        with self.units() as uow:
            uow.stewardship.keep_crosswalk(walk)
            uow.commit()
        return Change(ChangeKind.CROSSWALK, target=walk.id)

    def release(self, wanted: str = "", leads: Leads | None = None) -> Change:
        """To take up another imported release of the taxonomy in use: that one, else the newest."""
        name = self.taxonomies.name
        return release_of(
            self.taxonomies.changes().base, chosen_release(name, self.library.versions(name), wanted), leads
        )

    def propose(self) -> Look:
        """Put up the changes of the taxonomy that people's evidence speaks for, as the stewardship crew weighs it."""
        self.tag()
        bundle, deny = self.bundle, read_denied()
        ground = Ground(bundle.taxonomy, bundle.mapper, self.charter.proposals, self._encode(), deny.refuses)
        return look(
            self.units,
            lambda uow: matters(uow, countable(uow.people.all()), ground),
            self.steward,
            lambda: self.stewards,
            lambda: self._services(bundle, self.policy),
        )

    def _encode(self) -> Encode | None:
        """Texts to vectors, where the encoder is installed; words alone put terms together without it."""
        try:
            return Encoder().encode
        except ConfigError:
            return None

    def assess(self, learner: str, *, trigger: str, until: float | None = None) -> Assessed:
        """Assess one learner (id or e-mail address) now; ``until`` (``time.monotonic()``) is when the crew must be
        done."""
        return self.assessor.assess(learner, trigger=trigger, until=until)

    @cached_property
    def onboarding_crew(self) -> OnboardingCrew:
        """The onboarding crew."""
        return cast(OnboardingCrew, load(ONBOARDING)(self.settings.brain))

    def begin_onboarding(self) -> list[OnboardingPlan]:
        """Ask for a plan for each new hire whom a sync brought and who had none; they are drafted later."""
        return begin(self.units, self.clock, self.policy.onboarding)

    def draft_onboarding(self, plan: str, *, until: float | None = None) -> OnboardingPlan:
        """Draft a plan that was asked for; ``until`` as for ``assess``."""
        return Drafter(
            self.units,
            self.builder,
            lambda: self.onboarding_crew,
            self.services,
            CpSatPhases(self.policy.path.solver_seconds),
            self.clock,
            self.gate,
        ).draft(plan, until=until)

    def fingerprint(self, learner: str) -> str:
        """The fingerprint of a learner's present case."""
        return self.assessor.fingerprint(learner)

    def plan_sweep(self, cohort: str, *, force: bool = False) -> SweepPlan:
        """Who of a cohort is due."""
        return self._look(cohort, force=force)[0]

    def _look(self, cohort: str, *, force: bool) -> tuple[SweepPlan, NewNames]:
        named = look_for_new_names(self.units, self.builder, self.clock)
        today = self.clock.today()
        return plan_sweep(self.units, self.builder, cohort, gate=self.gate, today=today, force=force), named

    def sweep(
        self,
        cohort: str,
        *,
        trigger: str,
        force: bool = False,
        progress: Callable[[int, int, str], None] | None = None,
        hand_on: Each | None = None,
        ident: str = "",
        unfinished: Sweep | None = None,
    ) -> Swept:
        """Assess those of a cohort whose case has changed; one failure does not stop the others. A report is kept.

        Args:
            hand_on: takes each who is due instead (to the queue), and says in which figure they count.
            ident: of a job: asked for again under the same one, it goes on where it was.
            unfinished: a sweep to go on with.

        Raises:
            Stopped: everything is stopped; nothing was looked at.
            NotFoundError: there is nobody in the cohort.
        """
        with self.units(write=False) as uow:
            must_go_on(uow)
            usual = typical(uow, self.crew.brain_version, self.clock.now())
        self.escalate()
        sweep = unfinished or new_sweep(
            self.clock, cohort, trigger, force=force, queued=hand_on is not None, ident=ident
        )
        plan, named = self._look(cohort, force=sweep.force)
        took = ("seconds", "calls", "tokens", "usd")
        expected = {k: usual[k] * len(plan.due) for k in took if usual[k] is not None}

        def assess(learner_id: str) -> str:
            return "assessed" if self.assess(learner_id, trigger=trigger).new else "known"

        each = hand_on or assess
        return run_sweep(
            self.units, self.clock, sweep, plan, each, named=named.runs, expected=expected, progress=progress
        )

    def rehearser(
        self, *, brain: str | None = None, policy_file: Path | None = None, prompts: Path | None = None
    ) -> tuple[Rehearser, list[str]]:
        """Tries another brain of models.yaml, policy or folder of prompts in shadow; and what to know about it.

        Raises:
            ConfigError: nothing is to be tried, there is no such brain, or a file is wrong.
        """
        if brain is None and policy_file is None and prompts is None:
            raise ConfigError("there is nothing to rehearse", remedy="give --brain, --policy or --prompts")
        present, bundle = self.assessor, self.bundle
        policy = read_policy(policy_file)[0] if policy_file is not None else self.policy
        crew = self.crew
        if brain is not None or prompts is not None:
            crew = cast(LearnerCrew, load(CREW)(brain or self.settings.brain, prompts=prompts, remember=True))
        with self.units(write=False) as uow:
            calibration = calibration_of(uow, present.builder.versions.calibration)
        services = self._services(bundle, calibrated(policy, calibration))
        versions = replace(
            present.builder.versions,
            policy=policy.version,
            brain=crew.brain_version,
            prompts=crew.prompts_version,
        )
        notes = []
        if tagger_version(bundle.taxonomy, bundle.mapper, policy.mapping) != self.tagger:
            notes.append("content keeps the tags that it has: what the new policy would tag is not rehearsed")
        return Rehearser(present, Shadow(crew, services, versions)), notes

    def crew_of(self, brain: str) -> LearnerCrew:
        """The learner crew with another brain or team of models.yaml.

        Raises:
            ConfigError: there is no such brain.
        """
        return cast(LearnerCrew, load(CREW)(brain))

    def services_for(self, bundle: TaxonomyBundle) -> CrewServices:
        """What a crew's tools may reach with that taxonomy."""
        return self._services(bundle, self.policy)

    def write_back(self, names: Sequence[str] = (), file: Path | None = None) -> WriteBack:
        """Writes accepted skills into the configured connections, or those named; close it when done. ``file`` as for
        ``connectors``."""
        return WriteBack(
            self.units,
            self.connectors(names, file),
            self.clock,
            uri_of=self._skill_uri,
            rules=read_outgoing(self.settings.outgoing_file).rules,
            budget=self.store.budget(),
        )

    def review_desk(
        self, uow: UnitOfWork, who: Principal, *, clock: Clock | None = None, dice: Random | None = None
    ) -> Desk:
        """A reviewer's desk in that unit of work.

        Args:
            clock, dice: for reviewers who are invented; else the wall's, and dice that nobody can foresee.
        """
        rules, clock = self.policy.review, clock or self.clock
        return Desk(uow, who, rules, clock, self.bundle.taxonomy, Planter(rules, clock, dice or fair_dice()))

    def notifier(self) -> Notifier:
        """Tells the outside whose accepted skills changed, as ``config/outgoing.yaml`` says."""
        file = read_outgoing(self.settings.outgoing_file)
        found = open_outgoing(file, variables(), timeout=min(self.settings.http_timeout, 30.0))
        return Notifier(
            self.units,
            self.clock,
            endpoints=found.endpoints,
            senders=found.senders,
            mail=found.mail,
            mailer=found.mailer,
            rules=file.rules,
            pseudonym=self.pseudonyms.pseudonym,
            budget=self.store.budget(),
            address=self.settings.public_url,
        )

    def escalate(self) -> list[Dispute]:
        """Put disputes that are overdue before learning and development, each once."""
        return escalate(self.units, self.clock, self.policy)

    def _skill_uri(self, skill_id: str) -> str:
        """A skill's address: its own id where that is one, else what the taxonomy says that it is elsewhere."""
        skill = None if "://" in skill_id else self.bundle.taxonomy.skill(skill_id)
        known = [skill_id, *(skill.references.values() if skill else ())]
        return next((u for u in known if u.startswith(("http://", "https://"))), "")

    def warm(self) -> None:
        """Do what every assessment needs, without a kickoff: import CrewAI, load the mapper, read the landscape."""
        with self.units(write=False) as uow:
            self.builder.landscape(uow)
        _ = self.assessor
        self.crew.preload()
        self.services.mapper.map(["Whatever text warms the mapper"], top=1)
        for module in ("scipy.special", "ortools.sat.python.cp_model"):
            import_module(module)

    def keep_warm(self) -> None:
        """Read the landscape again where it has changed, at most every ``WARMED_EVERY`` seconds: during a sync it
        changes all the time."""
        now = monotonic()
        if now - self._warmed < WARMED_EVERY:
            return
        with self.units(write=False) as uow:
            self.builder.landscape(uow)
        self._warmed = monotonic()

    def close(self) -> None:
        """Close connections."""
        self.store.close()


def load(dotted: str) -> Callable[..., Any]:
    """Load ``module:attribute`` from the application's folders."""
    if str(APP_ROOT) not in sys.path:
        sys.path.insert(0, str(APP_ROOT))  # first, so that another distribution's `agents` cannot win
    module, _, attribute = dotted.partition(":")
    return cast(Callable[..., Any], getattr(import_module(module), attribute))


def open_app(settings: Settings | None = None, *, clock: Clock | None = None, prepare: bool = True) -> App:
    """Open the application on checked settings; brings the store up to date unless told not to."""
    app = App(settings or load_settings(), clock)
    if prepare:
        app.prepare()
    return app


_APP: App | None = None


def get_app() -> App:
    """The process-wide application (a worker's jobs share it)."""
    global _APP
    if _APP is None:
        _APP = open_app()
    return _APP


def set_app(app: App | None) -> None:
    """Make ``app`` the process-wide one."""
    global _APP
    _APP = app


def _pseudonym_key(settings: Settings) -> bytes:
    """From the setting, else the key file of the home folder, made on first use with access for its owner alone."""
    given = settings.pseudonym_key.get_secret_value() if settings.pseudonym_key else ""
    if given:
        return bytes.fromhex(given)
    file = settings.home_dir / "keys" / "pseudonym.key"
    return bytes.fromhex(_make_once(file, lambda: secrets.token_hex(32)))


def _make_once(file: Path, make: Callable[[], str]) -> str:
    """Read a secret file, or create it atomically: two processes starting together agree on one."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(make())
        try:
            os.link(own, file)
        except FileExistsError:
            pass  # the other process was first; its key is the one
        finally:
            own.unlink()
    return file.read_text().strip()
