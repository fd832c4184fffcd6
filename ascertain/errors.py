"""Everything that can go wrong, as a vocabulary.

AscertainError                  message, remedy; exit code 1
├── ConfigError                 a setting or a file in config/ is wrong        exit 2
│   └── DatabaseAway                the database cannot be reached: a wrong address, or it is away for now
├── InputError                  a record from outside is wrong (file, line, field)  exit 3
├── NotFoundError               no such learner, assertion, run …              exit 4
├── ConflictError               the thing was changed or decided already       exit 5
│   └── OutsideRollout              no pilot of the rollout reaches the person
├── ConnectorError              a system outside answered badly                exit 6
│   ├── RetryableConnectorError   worth another try (carries retry_after)
│   │   └── KeyServiceUnavailable   the keeper of the master key does not answer, or refuses
│   └── PermanentConnectorError   will not get better by itself
├── RunError                    an assessment could not be finished            exit 7
│   ├── PseudonymError            masking failed, so nothing was shown to a brain
│   ├── BlockedError              the person was not told, or has said no, so nothing was inferred
│   ├── ConsentChanged            consent was withdrawn meanwhile, so nothing was stored
│   ├── BrainError                the brain did not answer in the agreed form
│   ├── RestrictedError           processing of the person is restricted
│   └── BudgetError               the run may spend no more (carries what was found until then)
├── IntegrityError              the audit chain or a replay does not agree     exit 8
│   └── KeyGone                   the master key that something was wrapped with is no more
└── ForbiddenError              whoever asks may not do that                   exit 9
"""

from __future__ import annotations


class AscertainError(Exception):
    """Base of all errors the product raises on purpose; shown without a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  remedy: {self.remedy}" if self.remedy else self.message


class ConfigError(AscertainError):
    """A setting or a file in ``config/`` is wrong; the message names it."""

    exit_code = 2


class DatabaseAway(ConfigError):
    """The database cannot be reached: the address may be wrong, or the server may be starting."""


class InputError(AscertainError):
    """A record from outside is wrong. ``where`` is ``file:line`` or a record id, ``field`` the column."""

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        place = ", ".join(p for p in (where, f"field {field!r}" if field else None) if p)
        super().__init__(f"{place}: {message}" if place else message, remedy=remedy)
        self.where = where
        self.field = field


class NotFoundError(AscertainError):
    """Nothing has that id."""

    exit_code = 4


class ConflictError(AscertainError):
    """It was changed, decided or started already."""

    exit_code = 5


class ConnectorError(AscertainError):
    """A system outside answered badly."""

    exit_code = 6


class RetryableConnectorError(ConnectorError):
    """Worth another try, after ``retry_after`` seconds where the system said so."""

    def __init__(self, message: str, *, retry_after: float | None = None, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class KeyServiceUnavailable(RetryableConnectorError):
    """The keeper of the master key does not answer, or refuses this token; nothing was sealed, so nothing is stored."""


class PermanentConnectorError(ConnectorError):
    """Will not get better by itself: credentials, rights, an address."""


class OutsideRollout(ConflictError):
    """A rollout is in force that does not reach the person: nothing is made about them, not even a run."""


class RunError(AscertainError):
    """An assessment could not be finished; ``state`` names how it ended, ``steps`` (``domain.findings.Step``) what
    agents had been asked until then: it is counted all the same. ``answers`` (``domain.answers.KeptAnswer``) are those
    that need not be asked for again."""

    exit_code = 7
    steps: tuple[object, ...] = ()
    answers: tuple[object, ...] = ()

    def __init__(self, message: str, *, state: str = "failed", remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.state = state


class PseudonymError(RunError):
    """Masking failed or could not be proven, so nothing was shown to a brain (it fails closed)."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, state="blocked_unmasked", remedy=remedy)


class BlockedError(RunError):
    """Nothing may be inferred about this person: they were not told, or have said no; ``state`` says which."""


class ConsentChanged(RunError):
    """Consent was withdrawn while an assessment was under way; nothing of it was stored. Another try sees less."""


class RunCancelled(RunError):
    """Somebody cancelled the run while it was under way; nothing of it was stored."""

    def __init__(self, message: str) -> None:
        super().__init__(message, state="cancelled", remedy="ask for it again")


class BrainError(RunError):
    """The brain did not answer in the agreed form within its tries."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, state="brain_failed", remedy=remedy)


class BudgetError(RunError):
    """The run has spent all that it may; trying it again would spend it again. ``partial`` is what had stood up to
    the checks until then (``CrewFindings``): it is kept with the run, and nothing is asserted from it. ``day``: it is
    the day's budget, so that other runs would end alike."""

    def __init__(self, message: str, *, remedy: str | None = None, partial: object = None, day: bool = False) -> None:
        super().__init__(message, state="budget_exhausted", remedy=remedy)
        self.partial = partial
        self.day = day


class RestrictedError(RunError):
    """Processing of the person is restricted: what is held is kept, and nothing is made of it."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, state="blocked_restricted", remedy=remedy)


class IntegrityError(AscertainError):
    """The audit chain or a replay does not agree with what is stored."""

    exit_code = 8


class KeyGone(IntegrityError):
    """The master key that something was wrapped with was destroyed or disallowed: it stays closed."""


class ForbiddenError(AscertainError):
    """Whoever asks may not do that. The text is the same whether or not the person asked about exists.

    Attributes:
        actor: who asked; ``kind`` is ``person``, ``operator`` or ``api``.
        action: what was asked.
        learner_id: about whom, if about somebody who exists.
        recorded: whether the refusal is on the audit chain; the unit of work that the error leaves sees to it.
    """

    exit_code = 9

    def __init__(
        self,
        message: str,
        *,
        actor: str,
        kind: str,
        action: str,
        learner_id: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.actor = actor
        self.kind = kind
        self.action = action
        self.learner_id = learner_id
        self.recorded = False
