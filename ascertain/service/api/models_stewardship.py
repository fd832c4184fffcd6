"""Content tags and changes of the taxonomy, as they are exchanged. Nobody's skills are in them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ascertain.domain.charter import ChangeKind
from ascertain.domain.content_tags import Says, TagState, Vote
from ascertain.domain.crosswalks import ConceptKind, Relation
from ascertain.domain.skills import SkillFamily
from ascertain.domain.stewardship import AnswerKind, ProposalState
from ascertain.pipeline.tag_words import Said
from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Day, LevelNumber, Probability, Time
from ascertain.service.api.models_writes import Id, Level, Text
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent


class Votes(Exchanged):
    """Of each voter the newest counts."""

    yes: int
    no: int


class Predicts(Exchanged):
    """Whether finishing predicts other assessments of the skill: the share that did well of those who had finished,
    less that of the others, with its 90 % interval. Null where there are too few of either."""

    says: Says
    lift: float | None
    low: float | None
    high: float | None


@published("content-tag")
class ContentTag(Exchanged):
    """A skill that content teaches: suggested by the mapper, or decided by people."""

    content: str
    title: str
    system: str
    active: bool
    skill: str
    label: str
    state: TagState
    level: LevelNumber
    probability: Probability
    """As it counts now."""
    suggested: Probability | None
    """The mapper's own; null where people added the tag."""
    quote: str
    place: str
    """Where in a transcript the quote stands (at 03:12); empty for one out of title or description."""
    held: str
    """Which agent of the catalogue crew held it back, or when code retired it, and why; empty where neither did."""
    people: int
    """How many people's evidence refers to the content."""
    worth: float
    """Use times uncertainty: what is worth a look first."""
    votes: Votes
    predicts: Predicts
    notice: str
    """Why it should be looked at again; empty for no reason."""
    since: Time | None
    """From when on it is on notice."""
    learners: Votes | None
    """What learners who finished the content say; null for fewer than the charter counts."""


@published("vote-on-tag")
class VoteOnTag(Sent):
    """A word about one skill of one content."""

    skill: Id
    vote: Vote
    level: Level | None = None
    """With `adjust` alone."""
    reason: Text


@published("say-of-tag")
class SayOfTag(Sent):
    """A learner's word on one tag of one content."""

    content: Id
    skill: Id
    said: Said
    """`nothing` takes it back."""


@published("said-of-tag")
class SaidOfTag(Exchanged):
    """What now stands."""

    content: str
    skill: str
    teaches: bool | None


@published("put-transcript")
class PutTranscript(Sent):
    """What is said in content, as a file would hold it: `text`, or `base64` of a PDF or DOCX, never both."""

    name: Annotated[str, Field(min_length=5, max_length=200)]
    """Of the file; its end says how it is read: .vtt, .srt, .txt, .md, .html, .pdf, .docx."""
    text: str = ""
    base64: str = ""


@published("transcript-put")
class TranscriptKept(Exchanged):
    """What was read, and what came of it."""

    content: str
    name: str
    passages: int
    characters: int
    seconds: float | None
    """Where the last passage begins; null for a file without times."""
    left_out: int
    """Pages, or characters, over the limits."""
    unread: int
    """Captions that could not be read."""
    tags: int
    """Suggested for the content with these words."""


@published("vote-on-tags")
class VoteOnTags(Sent):
    """The same word on every undecided tag of a skill in one system."""

    skill: Id
    system: Id
    vote: Vote
    """`accept` or `reject`."""
    reason: Text
    contents: list[Id] = Field(default_factory=list, max_length=100)
    """Of these alone; empty for all of them."""


@published("voted-on-tags")
class VotedOnTags(Exchanged):
    """How many tags a word was about."""

    tags: int
    vote: Vote


class NewSkill(Exchanged):
    """A skill that a change brings in."""

    id: str
    label: str
    kind: str
    family: str
    synonyms: list[str]
    definition: str
    broader: list[str]
    related: list[str]
    references: dict[str, str]


class TaxonomyChange(Exchanged):
    """What is changed: a skill, the one that it becomes part of, further names, skills that it brings in."""

    kind: ChangeKind
    skill_id: str
    target: str
    names: list[str]
    skills: list[NewSkill]


class Supported(Exchanged):
    """What speaks for it: counts over people, none by person."""

    why: str
    people: int
    quotes: int
    first_seen: Day | None
    last_seen: Day | None
    quarters: list[tuple[str, int]]
    """Quotes by the quarter of their evidence, oldest first."""
    reason: str = ""
    """What the agents said for it: checked plain words, which decide nothing."""
    note: str = ""
    """What the agents said to look at."""


@published("taxonomy-proposal")
class TaxonomyProposal(Exchanged):
    """A change of the taxonomy that is proposed, decided or applied."""

    id: str
    taxonomy: str
    state: ProposalState
    words: str
    """The change in one sentence."""
    change: TaxonomyChange
    support: Supported
    proposed_by: str
    """A name, or `product`."""
    proposed_at: Time
    overlay: str | None
    """The version of the taxonomy that it was applied in."""


class MovedTo(Exchanged):
    """So many assertions go from one skill to another. `after`: how many the target has then."""

    source: str
    source_label: str
    target: str
    target_label: str
    assertions: int
    after: int


class TaxonomyImpact(Exchanged):
    """What a change would do, counted on the plan that applying it carries out."""

    words: str
    assertions: int
    people: int
    joined: int
    """Of the assertions, how many come together with one that is there."""
    lost: int
    roles: int
    paths: int
    tags: int
    decisions: int
    reviews: int
    disputes: int
    """Open ones, which are decided first."""
    found: int
    """Of the quotes that speak for it, in how many the skill would be found."""
    asked: int
    courses: int
    states: dict[str, tuple[int, int]] | None
    flows: list[MovedTo]


class TaxonomyAnswer(Exchanged):
    """What somebody said of it, or did with it."""

    answer: AnswerKind
    actor: str
    role: str
    reason: str
    at: Time


class NamedSkill(Exchanged):
    """A skill by id and label."""

    id: str
    label: str


class Relabelled(Exchanged):
    """A skill that is called otherwise."""

    id: str
    before: str
    after: str


class Followed(Exchanged):
    """A skill that is gone, and what follows it; nothing where it can never be a skill."""

    id: str
    label: str
    by: list[str]
    labels: list[str]


class TaxonomyRelease(Exchanged):
    """Another release beside the one in use, with one's own changes on the latter."""

    before: str
    after: str
    words: str
    kept: int
    added: list[NamedSkill]
    gone: list[NamedSkill]
    relabelled: list[Relabelled]
    moved: list[NamedSkill]
    """Under other skills than before."""
    redefined: list[NamedSkill]
    followed: list[Followed]
    carried: list[NamedSkill]
    """Gone, followed by nothing, and kept, since results or roles are about them."""
    profiles: list[str]
    """Job profiles that are gone and kept, since somebody has them."""
    relaid: int
    """Changes of one's own that lie over it."""
    dropped: list[TaxonomyChange]
    """Those that fit it no longer, or that it makes needless."""


class LedTo(Exchanged):
    """A row of a crosswalk. ``relation``: what the target is to the source."""

    source: str
    relation: Relation
    target: str
    label: str


class TaxonomyCrosswalk(Exchanged):
    """A crosswalk beside the one in use between the same two taxonomies."""

    id: str
    other: str
    kind: ConceptKind
    words: str
    relations: dict[str, int]
    replaces: str
    """Id of the one in use; empty for none."""
    added: int
    dropped: int
    unknown: int
    """Links to an id that the taxonomy in use does not have."""
    links: list[LedTo]
    """Of those that are added, the first 200."""


class InBatches(Exchanged):
    """Of how many people's results a change that is applied by the queue has moved how many."""

    done: int
    total: int


@published("taxonomy-preview")
class TaxonomyPreview(TaxonomyProposal):
    """A proposal with what it would do and what was said of it."""

    quotes: list[str]
    """Of people's evidence, masked."""
    impact: TaxonomyImpact
    release: TaxonomyRelease | None
    """Of a release, what becomes of the skills."""
    crosswalk: TaxonomyCrosswalk | None
    """Of a crosswalk, what it leads."""
    batches: InBatches
    needed: int
    """How many people have to say yes."""
    yes: int
    answers: list[TaxonomyAnswer]


class GivenLink(Sent):
    """One row of a crosswalk that somebody has decided."""

    source: Id
    """The concept's id in the other taxonomy."""
    target: Id
    """Its id in the taxonomy that it leads to."""
    relation: Relation
    """What the target is to the source."""
    label: str = Field(default="", max_length=200)
    """The other taxonomy's name for it: a name that can never be a skill is refused."""


class GivenCrosswalk(Sent):
    """Which concept of one taxonomy corresponds to which of another."""

    source: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    """Name of the other taxonomy, such as onet or hris."""
    kind: ConceptKind = ConceptKind.SKILL
    links: list[GivenLink] = Field(min_length=1, max_length=5000)


@published("propose-taxonomy-change")
class ProposeChange(Sent):
    """A change to put up for decision."""

    kind: ChangeKind
    skill: str = Field(default="", max_length=300)
    """Id or label of the skill that is changed."""
    target: str = Field(default="", max_length=300)
    """Of a merge, the skill that stays; of a release, which one, or empty for the newest that is imported; of a
    crosswalk that is imported, its id."""
    crosswalk: GivenCrosswalk | None = None
    """Of a crosswalk to the taxonomy in use, its rows, where it is not imported."""
    leads: dict[Id, list[Id]] = Field(default_factory=dict, max_length=1000)
    """Of a release, what follows skills that it no longer has, where their names do not say."""
    names: list[Id] = Field(default_factory=list, max_length=10)
    definitions: list[Text] = Field(default_factory=list, max_length=10)
    synonyms: list[Id] = Field(default_factory=list, max_length=20)
    family: SkillFamily | None = None


@published("amend-taxonomy-change")
class AmendChange(Sent):
    """A proposal in other words; what is not given stays."""

    leads: dict[Id, list[Id]] = Field(default_factory=dict, max_length=1000)
    """Of a release, what follows skills that it no longer has."""
    names: list[Id] = Field(default_factory=list, max_length=10)
    definitions: list[Text] = Field(default_factory=list, max_length=10)
    synonyms: list[Id] = Field(default_factory=list, max_length=20)
    family: SkillFamily | None = None
    reason: Text


class YesOrNo(StrEnum):
    """An answer to a proposal."""

    YES = "yes"
    NO = "no"


@published("answer-taxonomy-change")
class AnswerChange(Sent):
    """Somebody's yes or no."""

    answer: YesOrNo
    reason: Text


@published("carry-out-taxonomy-change")
class CarryOut(Sent):
    """Apply or revert it."""

    reason: Text
    queue: bool = False
    """Apply it by the queue: people's results follow in batches, and the answer comes at once."""


@published("taxonomy-reverted")
class Reverted(Exchanged):
    """A change that was taken back."""

    version: str
    """The taxonomy in use now."""
    reinstated: int
    """People whose results are as before."""
    assessed_since: int
    """People who were assessed since and are due at the next sweep."""
