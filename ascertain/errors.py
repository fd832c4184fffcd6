"""Everything that can go wrong, as a vocabulary.

AscertainError                  message, remedy; exit code 1
├── ConfigError                 a setting or a file in config/ is wrong        exit 2
├── InputError                  a record from outside is wrong (file, line, field)  exit 3
├── NotFoundError               no such learner, assertion, run …              exit 4
├── ConflictError               the thing was changed or decided already       exit 5
├── ConnectorError              a system outside answered badly                exit 6
│   ├── RetryableConnectorError   worth another try (carries retry_after)
│   └── PermanentConnectorError   will not get better by itself
├── RunError                    an assessment could not be finished            exit 7
│   ├── PseudonymError            masking failed, so nothing was shown to a brain
│   └── BrainError                the brain did not answer in the agreed form
└── IntegrityError              the audit chain or a replay does not agree     exit 8
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


class PermanentConnectorError(ConnectorError):
    """Will not get better by itself: credentials, rights, an address."""


class RunError(AscertainError):
    """An assessment could not be finished; ``state`` names how it ended."""

    exit_code = 7

    def __init__(self, message: str, *, state: str = "failed", remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.state = state


class PseudonymError(RunError):
    """Masking failed or could not be proven, so nothing was shown to a brain (it fails closed)."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, state="blocked_unmasked", remedy=remedy)


class BrainError(RunError):
    """The brain did not answer in the agreed form within its tries."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, state="brain_failed", remedy=remedy)


class IntegrityError(AscertainError):
    """The audit chain or a replay does not agree with what is stored."""

    exit_code = 8
