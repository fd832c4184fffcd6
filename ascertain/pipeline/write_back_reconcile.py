"""Compares what we wrote with what the systems hold now, and with what is still accepted. Corrects nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ascertain.domain.outbox import OutboxItem, OutboxState, RunKind, WritebackRun
from ascertain.domain.records import SourceRef
from ascertain.errors import ConnectorError
from ascertain.pipeline.write_back import Progress, WriteBack, new_run_id
from ascertain.pipeline.write_back_read import Reader
from ascertain.pipeline.write_back_switch import named


class Finding(StrEnum):
    """``drift``: the system holds something else than we wrote. ``withdrawn``: it holds what may not stand there any
    more. ``outdated``: it holds what we wrote, but the skills say something else by now. ``late``: it should show our
    value by now and does not."""

    DRIFT = "drift"
    WITHDRAWN = "withdrawn"
    OUTDATED = "outdated"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that is not as it should be. ``reasons`` has, by assertion id, why it may not leave any more."""

    finding: Finding
    learner_id: str
    connection: str
    account: str
    target: str
    written: str | None
    present: str | None
    expected: str | None
    run: str
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """``compared`` places; ``confirmed`` of them were not visible before and are now."""

    run: str
    compared: int
    confirmed: int
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]


def reconcile(home: WriteBack, actor: str, progress: Progress | None = None) -> Reconciliation:
    """Look at every place that a push changed and that has not been given back since, also of people who left.

    A value that was not visible yet and is now becomes ``written``. The comparison is kept as a run of its own.
    """
    home.must_write()
    actor = named(actor)
    started = home.clock.now()
    with home.units(write=False) as uow:
        last = [r for r in uow.outbox.effective() if (r.assertions or r.value is None) and not home.is_learning(r)]
        accounts = home.accounts(uow)
    by_account: dict[tuple[str, str, str], list[OutboxItem]] = defaultdict(list)
    for row in last:
        if row.connection in home.desks:
            by_account[row.learner_id, row.connection, row.account].append(row)
    differences: list[Difference] = []
    confirmed = compared = 0
    with Reader(home.budget) as reader:
        for number, ((learner_id, connection, account), rows) in enumerate(sorted(by_account.items()), start=1):
            present = reader.read(home.desks[connection], learner_id, account, [r.target for r in rows])
            if present is None:
                continue
            try:
                wanted, held = _wanted(home, learner_id, accounts, (connection, account))
            except ConnectorError as e:
                reader.failed(home.desks[connection], learner_id, e)
                continue
            compared += len(rows)
            found = [_judge(r, present.get(r.target), wanted.get(r.target), held, home) for r in rows]
            differences += [d for d in found if d is not None]
            confirmed += _confirm(home, [r for r in rows if present.get(r.target) == r.value])
            if progress:
                progress(number, len(by_account))
    run = WritebackRun(new_run_id(), RunKind.RECONCILE, actor, started, finished_at=home.clock.now())
    totals = Counter(d.finding.value for d in differences) + Counter({"compared": compared, "confirmed": confirmed})
    home.store(replace(run, totals=dict(totals)), ())
    return Reconciliation(run.id, compared, confirmed, tuple(differences), reader.problems())


def _wanted(
    home: WriteBack,
    learner_id: str,
    accounts: Mapping[str, Mapping[str, Sequence[SourceRef]]],
    place: tuple[str, str],
) -> tuple[dict[str, str | None], Mapping[str, str]]:
    """What one place should hold by now, and the assertions that may not leave, with the reason."""
    with home.units(write=False) as uow:
        learner = uow.people.get(learner_id)
        if learner is None:
            return {}, {}
        claims, held = home.claims(uow, learner)
    return home.intended(learner, accounts, claims, place), held


def _judge(
    row: OutboxItem, present: str | None, expected: str | None, held: Mapping[str, str], home: WriteBack
) -> Difference | None:
    desk = home.desks[row.connection]
    gone = {a: held[a] for a in row.assertions if a in held}
    finding: Finding | None = None
    if row.value is None:
        # We emptied it, so it is nobody's business but the system's, unless what we took away is back.
        finding = Finding.WITHDRAWN if present is not None and present == row.previous != expected else None
    elif present != row.value:
        waiting = row.state in (OutboxState.UNSEEN, OutboxState.QUEUED)
        if waiting and row.written_at is not None and row.written_at + desk.writer.lag > home.clock.now():
            return None
        finding = Finding.LATE if waiting and present == row.previous else Finding.DRIFT
    elif expected is None:
        finding = Finding.WITHDRAWN
    elif present != expected:
        # A part that may not stand there any more is worse than one that is missing.
        finding = Finding.WITHDRAWN if gone else Finding.OUTDATED
    if finding is None:
        return None
    return Difference(
        finding,
        row.learner_id,
        row.connection,
        row.account,
        row.target,
        row.value,
        present,
        expected,
        row.run_id,
        gone,
    )


def _confirm(home: WriteBack, rows: Sequence[OutboxItem]) -> int:
    late = [r for r in rows if r.state in (OutboxState.UNSEEN, OutboxState.QUEUED)]
    if late:
        with home.units() as uow:
            for row in late:
                uow.outbox.put(replace(row, state=OutboxState.WRITTEN, error=""))
            uow.commit()
    return len(late)
