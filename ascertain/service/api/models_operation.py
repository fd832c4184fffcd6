"""How the product runs, as it is exchanged: rounds of assessments, connections, quarantine, usage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Day, Time
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class RunsUsed(Exchanged):
    """What runs used."""

    counted: Count
    """How many of them have it on record."""
    calls: Count
    tokens: Count
    usd: Amount
    """US dollars."""
    unpriced: Count
    """Tokens of which no price is known; `usd` is without them."""


@published("round")
class Round(Exchanged):
    """Assessments that somebody asked for, or that one trigger brought on one day."""

    id: str | None
    """Of a request; null for what came by itself."""
    kind: str
    """`learner` or `cohort` (asked for), `schedule`, `webhook` or `other`."""
    trigger: str
    """Of what came by itself."""
    cohort: str
    learner: str
    """Where it is about one learner."""
    by: str
    """Who asked."""
    began: Time
    ended: Time | None
    seconds: Amount | None
    state: str
    """`queued`, `running`; then `done`, `partly_failed`, `failed` or `cancelled`."""
    over: bool
    total: Count
    well: Count
    """Assessed, or unchanged."""
    failed: Count
    counts: dict[str, int]
    """Learners by state."""
    usage: RunsUsed


@published("run-estimate")
class RunEstimate(Exchanged):
    """What assessing somebody would take, by the middle run of those that ended well with the present brain."""

    people: Count
    due: Count
    """Would be assessed."""
    unchanged: Count
    no_notice: Count
    no_consent: Count
    blocked: str
    """Why the one learner cannot be assessed; else empty."""
    seconds: Amount | None
    """Of one worker. This and the next three are null where nothing is known to go by."""
    calls: Amount | None
    tokens: Amount | None
    usd: Amount | None
    rests_on: Count
    """Runs that it rests on."""
    walked: Count
    """Without any: cases that were walked without asking a model, for the fewest calls and the tokens by length."""
    brain: str


class Limit(Exchanged):
    """A call budget of a system, as it stands."""

    scope: str
    calls: int | None
    """Null where the system names none."""
    window_seconds: Amount
    used: Count
    until: Time | None
    """When the present window ends."""
    paused_until: Time | None
    """The system asked not to be called before."""


class Part(Exchanged):
    """One kind of record of a connection."""

    entity: str
    incremental: str
    """`updated_since` or `full`."""
    ok_at: Time | None
    """When it last came to its end."""
    tried_at: Time | None
    failures: Count
    """Tries in a row that did not."""
    error: str
    remedy: str
    retry_at: Time | None
    watermark: str
    """Up to when the system has told; empty where it names no time."""
    seconds: Amount | None
    last: dict[str, int]
    """Counts of the last try."""
    pulled: Count
    """Records of all tries."""


class Trouble(Exchanged):
    """What is wrong, and what helps."""

    error: str
    remedy: str
    of: list[str]
    """Kinds of record that it concerns."""


class EventsWaiting(Exchanged):
    """Webhook events that are not worked off."""

    waiting: Count
    given_up: Count


@published("connection")
class ConnectionHealth(Exchanged):
    """How a connection does."""

    name: str
    system: str
    where: str
    condition: str
    """`works`, `being read`, `never read`, `paused`, `failing` or `not usable`."""
    problem: str
    remedy: str
    entities: dict[str, str]
    receives: str
    writes: list[str]
    limit: Limit | None
    busy: bool
    parts: list[Part]
    synced_at: Time | None
    pulled: Count
    quarantined: Count
    events: EventsWaiting
    written: Count
    """Targets written back."""
    refused: Count
    errors: list[Trouble]


@published("quarantined")
class Quarantined(Exchanged):
    """A record that could not be used."""

    id: str
    connection: str
    entity: str
    record: str
    """Its id in the system."""
    field: str
    reason: str
    remedy: str
    since: Time
    days: Count


@published("retry-quarantine")
class RetryQuarantine(Sent):
    """Which records are to be tried again: one, or all of a connection."""

    connection: Name
    record: Annotated[str, Field(max_length=200)] = ""
    """Id of the record in quarantine; empty for all."""


@published("quarantine-queued")
class QuarantineQueued(Exchanged):
    """How many records a worker will try again."""

    records: Count


@published("queue")
class QueueStanding(Exchanged):
    """How the queue stands."""

    waiting: dict[str, int]
    """By priority: high, default, low."""
    running: dict[str, int]
    """By kind; `connection:NAME` for what works with a connection."""
    limits: dict[str, int]
    """Most at the same time over all hosts, by kind."""
    workers: Count
    dead: Count
    """Jobs for which no try is left."""


@published("sweep")
class SweepReport(Exchanged):
    """A sweep and what came of it."""

    id: str
    cohort: str
    trigger: str
    """What started it: `cli`, `schedule:NAME`."""
    state: str
    """`running`, `done` or `stopped`."""
    force: bool
    queued: bool
    """Whether its assessments were handed to the queue."""
    started_at: str
    ended_at: str | None
    figures: dict[str, int]
    """People: looked at, due, unchanged, without notice or consent; of the due assessed, known, failed, or queued."""
    expected: dict[str, float]
    """What the due were expected to take: seconds of one worker, calls, tokens, US dollars, where runs tell."""


@published("dead-job")
class DeadJob(Exchanged):
    """A job for which no try is left."""

    id: str
    task: str
    about: list[str]
    """Its arguments: ids."""
    reason: str
    failed_at: Time | None


@published("requeue")
class Requeue(Sent):
    """Which failed jobs are to be tried anew: one, or all."""

    job: Annotated[str, Field(max_length=200)] = ""
    """Id of the job; empty for all."""


@published("requeued")
class Requeued(Exchanged):
    """How many were queued."""

    jobs: Count


class Used(Exchanged):
    """Calls, tokens, money."""

    calls: Count
    prompt: Count
    completion: Count
    tokens: Count
    usd: Amount
    unpriced: Count


class UsedOnDay(Used):
    """Of one day."""

    day: Day
    accepted: Count
    """Assertions made on that day that are accepted now."""


class UsedByBrain(Used):
    """Of one brain in one crew."""

    brain: str
    crew: str


class UsedByAgent(Used):
    """Of one agent of one crew."""

    agent: str
    crew: str


class ForEach(Exchanged):
    """For each accepted assertion."""

    calls: Amount
    tokens: Amount
    usd: Amount


@published("usage")
class UsageOfDays(Exchanged):
    """What agents used."""

    first: Day
    last: Day
    total: Used
    accepted: Count
    each: ForEach | None
    by_day: list[UsedOnDay]
    by_brain: list[UsedByBrain]
    by_agent: list[UsedByAgent]
