"""What may be set for a learning record store, and which verbs say what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Says(StrEnum):
    """What a verb says about somebody."""

    COMPLETED = "completed"
    PASSED = "passed"
    FAILED = "failed"
    RESULT = "result"
    USED = "used"
    EARNED = "earned"
    VOIDED = "voided"
    NOTHING = "nothing"


_ADL = "http://adlnet.gov/expapi/verbs/"
_TINCAN = "http://id.tincanapi.com/verb/"
_CMI5 = "https://w3id.org/xapi/adl/verbs/"
VOIDED = f"{_ADL}voided"
VERBS: Mapping[str, Says] = {
    f"{_ADL}completed": Says.COMPLETED,
    f"{_CMI5}satisfied": Says.COMPLETED,
    f"{_ADL}passed": Says.PASSED,
    f"{_ADL}mastered": Says.PASSED,
    f"{_ADL}failed": Says.FAILED,
    f"{_ADL}scored": Says.RESULT,
    "https://w3id.org/xapi/acrossx/verbs/evaluated": Says.RESULT,
    f"{_ADL}experienced": Says.USED,
    f"{_ADL}progressed": Says.USED,
    f"{_ADL}terminated": Says.USED,
    f"{_TINCAN}viewed": Says.USED,
    f"{_TINCAN}earned": Says.EARNED,
    VOIDED: Says.VOIDED,
    # A start shows no skill, a single question too little of one, and a waiver none at all.
    **dict.fromkeys(
        (f"{_ADL}{v}" for v in ("answered", "attempted", "initialized", "launched", "registered")), Says.NOTHING
    ),
    **dict.fromkeys((f"{_CMI5}waived", f"{_CMI5}abandoned", f"{_TINCAN}unregistered"), Says.NOTHING),
}
"""By IRI, matched exactly; what stands on a screen beside it is never looked at."""

COURSE_TYPES = frozenset(
    (
        "http://adlnet.gov/expapi/activities/course",
        "https://w3id.org/xapi/cmi5/activitytype/course",
    )
)
"""Types of the activity above another one that is its course."""


class XapiOptions(BaseModel):
    """Options of a learning record store.

    ``resource``: the statements' address below the connection's URL; ``version``: of xAPI. ``page_size``: statements a
    page, 0 leaves it to the store. ``overlap_seconds``: how far a sync reaches back where the store does not say what
    it is consistent through; ``incremental`` false reads everything each time, for stores whose ``since`` compares the
    time of the event. ``filters`` false asks for a person's statements without naming verb and activity, for stores
    that find nothing then. ``verbs``: what further verbs say, or these ones otherwise. ``accounts``: what the name
    in an actor's account is, by its home page. ``courses``: activities that were completed make a catalogue.
    ``language``: of titles, where there are several.

    ``write``: accepted skills are stated here. ``verb`` and ``namespace`` are what those statements use; everything
    under another namespace is left alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: Annotated[str, Field(pattern=r"^(1\.0\.\d+|2\.0\.\d+)$")] = "1.0.3"
    resource: Annotated[str, Field(pattern=r"^[\w./-]+$")] = "statements"
    page_size: Annotated[int, Field(ge=0, le=10_000)] = 500
    overlap_seconds: Annotated[int, Field(ge=0, le=604_800)] = 60
    incremental: bool = True
    filters: bool = True
    verbs: dict[str, Says] = Field(default_factory=dict)
    accounts: dict[str, Literal["employee", "email"]] = Field(default_factory=dict)
    courses: bool = True
    language: str = "en"
    write: bool = False
    verb: Annotated[str, Field(pattern=r"^https?://\S+$")] = f"{_ADL}mastered"
    namespace: Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*:\S+$")] = "urn:ascertain:"

    def says(self, verb: str) -> Says | None:
        """What a verb says; ``None`` for one that is not known."""
        return self.verbs.get(verb) or VERBS.get(verb)

    @property
    def own(self) -> str:
        """The category of the statements that are written from here: they are never read back as evidence."""
        return f"{self.namespace}accepted-skill"
