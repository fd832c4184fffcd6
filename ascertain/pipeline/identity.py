"""Whom a source means: accounts and workers joined into learners.

A learner's id is the HRIS employee id; for somebody whom only an LMS knows it is ``<connection>-<user id>``. Once
given it stays: a worker who turns up later under the e-mail address of such an account takes the account's id over,
so that no evidence has to move. Two accounts are never joined on a guess; what is ambiguous is a ``Problem``.

Several systems may know workers (an HRIS, a second one, an LMS that was told). The same address is the same person; of
the systems that know somebody the first one in the connections file leads, and the others fill in only what it leaves
empty.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.consent import Answers, Consents
from ascertain.domain.people import Learner
from ascertain.domain.records import Entity, SourceRef, UserRecord, WorkerRecord


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record cannot be used yet, and the field that says so."""

    reason: str
    field: str


class Identity:
    """All learners and links, kept in step with what a sync writes. ``links`` maps source reference to learner id."""

    def __init__(
        self,
        learners: Iterable[Learner],
        links: Mapping[str, str],
        roles: Iterable[str] = (),
        connections: Sequence[str] = (),
        organisation: Answers | None = None,
    ) -> None:
        """``connections`` of this sync in the order of their file; one that is not among them leads those that are.
        ``organisation``: what holds for somebody new."""
        self.organisation = organisation or Answers()
        self._silent = Consents(organisation=self.organisation)
        self._rank = {name: i for i, name in enumerate(connections)}
        self._employers: dict[str, dict[str, str]] = defaultdict(dict)
        self._schools: dict[str, set[str]] = defaultdict(set)
        self.learners = {p.id: p for p in learners}
        self.links = dict(links)
        self._roles = frozenset(roles)
        self._emails: dict[str, set[str]] = defaultdict(set)
        self._hashes: dict[str, str] = {}
        self._workers: dict[str, set[str]] = defaultdict(set)
        self._hris: set[str] = set()
        self._accounts: dict[tuple[str, str], str] = {}
        for person in self.learners.values():
            self._emails[_key(person.email)].add(person.id)
        for ref, learner_id in self.links.items():
            self._note_link(ref, learner_id)

    def worker(self, record: WorkerRecord) -> Learner:
        """The learner of a worker, with the HRIS's facts. The manager is resolved apart, by ``manager_of``."""
        learner_id = (
            self.links.get(str(record.ref))
            or self._adopted(record.email)
            or self._employed_elsewhere(record)
            or self._new_id(record)
        )
        known = self.learners.get(learner_id)
        if known is not None and not self.leads(record.ref.system, learner_id):
            return replace(
                known,
                department=known.department or record.department,
                job_title=known.job_title or record.job_title,
                job_profile_id=known.job_profile_id or self._role(record.job_profile_id, record.job_code),
                hired_on=known.hired_on or (record.hired_at.date() if record.hired_at else None),
                location=known.location or record.location,
            )
        return Learner(
            id=learner_id,
            name=record.name,
            email=record.email,
            department=record.department,
            job_title=record.job_title,
            job_profile_id=self._role(record.job_profile_id, record.job_code),
            manager_id=known.manager_id if known else None,
            hired_on=record.hired_at.date() if record.hired_at else None,
            hours_per_week=record.hours_per_week,
            language=known.language if known else "en",
            timezone=record.timezone,
            location=record.location,
            active=record.active,
            consents=known.consents if known else self._silent,
        )

    def leads(self, system: str, learner_id: str) -> bool:
        """Whether what this system says of a worker counts: of all that know the person, the first in the file does."""
        return self._first(system, self._employers.get(learner_id, ()))

    def _first(self, system: str, known_to: Iterable[str]) -> bool:
        """Whether no other of these systems goes before this one; one that is not in this sync goes before all."""
        return all(self._rank.get(system, -1) <= self._rank.get(other, -1) for other in known_to if other != system)

    def employers(self, learner_id: str) -> frozenset[str]:
        """Connections that know somebody as a worker."""
        return frozenset(self._employers.get(learner_id, ()))

    def user(self, record: UserRecord) -> Learner | Problem:
        """The learner of an LMS account. Where the HRIS knows the person, the account adds the language only."""
        learner_id = self.links.get(str(record.ref)) or self._worker_id(record.employee_id)
        if learner_id is None:
            found = self._by_email(record.email)
            if isinstance(found, Problem):
                return found
            learner_id = found
            if learner_id is not None and (other := self._accounts.get((record.ref.system, learner_id))):
                return Problem(f"the address belongs to account {other} of the same system already", "email")
        known = self.learners.get(learner_id) if learner_id else None
        if known is not None and known.id in self._hris:
            # Of several LMSs the first in the file says which language somebody learns in.
            leads = self._first(record.ref.system, self._schools.get(known.id, ()))
            return replace(known, language=record.language) if leads else known
        return Learner(
            id=learner_id or f"{record.ref.system}-{record.ref.id}",
            name=record.name,
            email=record.email,
            department=record.department,
            job_profile_id=self._role(record.job_profile_id, record.job_code),
            manager_id=known.manager_id if known else None,
            language=record.language,
            active=record.active,
            consents=known.consents if known else self._silent,
        )

    def manager_of(self, system: str, employee_id: str) -> str | None:
        """Learner id of a manager named by employee id; ``None`` while nobody has that id."""
        return self.links.get(str(SourceRef(system, Entity.WORKER, employee_id)))

    def account(self, system: str, user_id: str) -> str | None:
        """Learner id of an LMS account."""
        return self.links.get(str(SourceRef(system, Entity.USER, user_id)))

    def subject(self, system: str, subject: str) -> str | Problem:
        """Learner id of ``employee:<id>``, ``email:<address>`` or ``mbox_sha1sum:<hash>`` (of the address, as xAPI
        takes it)."""
        kind, _, value = subject.partition(":")
        if kind == "mbox_sha1sum":
            hashed = self._address_of(value)
            return self._by_email(hashed) or Problem("no learner's e-mail address has that hash", "subject")
        if kind == "employee":
            found = self.manager_of(system, value) or self._worker_id(value)
            return found or Problem(f"no worker has the employee id {value!r}", "subject")
        by_email = self._by_email(value)
        return by_email or Problem("no learner has that e-mail address", "subject")

    def person(self, system: str, user_id: str) -> str | Problem:
        """Learner id of an LMS account, or of what ``subject`` knows where there are no accounts."""
        if user_id.startswith(("employee:", "email:", "mbox_sha1sum:")):
            return self.subject(system, user_id)
        return self.account(system, user_id) or Problem(f"no account with id {user_id!r} is known", "user_id")

    def accept(self, learner: Learner, ref: SourceRef) -> bool:
        """Take a learner in; True if the link is new and has to be stored."""
        old = self.learners.get(learner.id)
        if old is not None:
            self._emails[_key(old.email)].discard(learner.id)
        self._emails[_key(learner.email)].add(learner.id)
        self.learners[learner.id] = learner
        key = str(ref)
        if self.links.get(key) == learner.id:
            return False
        self.links[key] = learner.id
        self._note_link(key, learner.id)
        return True

    def unmapped(self, code: str, profile: str | None) -> bool:
        """True for a job code that leads to no job profile."""
        return bool(code) and self._role(profile, code) is None

    def _role(self, mapped: str | None, code: str) -> str | None:
        return mapped or (code if code in self._roles else None)

    def _note_link(self, ref: str, learner_id: str) -> None:
        system, entity, own = ref.split(":", 2)
        if entity == Entity.USER.value:
            self._accounts[system, learner_id] = own
            self._schools[learner_id].add(system)
        if entity == Entity.WORKER.value:
            self._hris.add(learner_id)
            self._workers[own].add(learner_id)
            self._employers[learner_id][system] = own

    def _new_id(self, record: WorkerRecord) -> str:
        """The employee id, unless another HRIS gave it to somebody else."""
        taken = record.employee_id in self.learners
        return f"{record.ref.system}-{record.employee_id}" if taken else record.employee_id

    def _adopted(self, email: str) -> str | None:
        """An LMS-only learner with this address."""
        found = [i for i in self._emails.get(_key(email), ()) if i not in self._hris] if email else []
        return found[0] if len(found) == 1 else None

    def _employed_elsewhere(self, record: WorkerRecord) -> str | None:
        """Somebody with this address whom another system, but not this one, knows as a worker."""
        if not record.email:
            return None
        found = [
            i
            for i in self._emails.get(_key(record.email), ())
            if i in self._hris and record.ref.system not in self._employers.get(i, ())
        ]
        return found[0] if len(found) == 1 else None

    def _worker_id(self, employee_id: str) -> str | None:
        found = self._workers.get(employee_id, set()) if employee_id else set()
        return next(iter(found)) if len(found) == 1 else None

    def _address_of(self, hashed: str) -> str:
        """The address behind a hash; empty for a stranger's."""
        if len(self._hashes) != len(self._emails):
            hashes = {hashlib.sha1(f"mailto:{a}".encode(), usedforsecurity=False).hexdigest(): a for a in self._emails}
            self._hashes = hashes
        return self._hashes.get(hashed.lower(), "")

    def _by_email(self, email: str) -> str | Problem | None:
        found = self._emails.get(_key(email), set()) if email else set()
        active = {i for i in found if self.learners[i].active}
        chosen = active or found
        if len(chosen) > 1:
            return Problem(f"the address belongs to {len(chosen)} learners: {', '.join(sorted(chosen))}", "email")
        return next(iter(chosen), None)


def _key(email: str) -> str:
    return email.strip().casefold()
