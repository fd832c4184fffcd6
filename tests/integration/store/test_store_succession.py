"""Key roles, nominations and months of readiness on either database; what an erasure leaves of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from ascertain.domain.matching import MatchCheck
from ascertain.domain.readiness import Band, Span
from ascertain.domain.succession import Candidate, KeyRole, Snapshot
from ascertain.store import Store

AT = datetime(2026, 4, 7, 9, 0, tzinfo=UTC)
ROLE = KeyRole("K-1", "Hëad", "role-a", 2, "board", ("l-3",), "l-3")
MINE = Candidate("K-1", "l-1", "cy@example.org", AT, "Knows it all.")
MONTH = Snapshot(
    "l-1", "K-1", date(2026, 4, 1), AT, Span(0.1, 0.2, 0.3), Span(0, 10, 60), Band.NOW, Band.YEAR, Band.LATER, True, 0.7
)


def test_all_of_it_comes_back_as_stored_and_goes_with_the_person(store: Store) -> None:
    check = MatchCheck("K-1", "d", AT, 3, 1, 2)
    with store.units() as uow:
        uow.successions.put_role(ROLE)
        uow.successions.put_role(replace(ROLE, id="K-0", closed="merged"))
        uow.successions.put(replace(MINE, reason="first"))
        uow.successions.put(MINE)
        uow.successions.put_snapshot(replace(MONTH, known=0.1))
        uow.successions.put_snapshot(MONTH)
        uow.successions.put_snapshot(replace(MONTH, month=date(2026, 5, 1)))
        uow.successions.put_check(check)
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.successions.roles() == [ROLE]
        assert [r.id for r in uow.successions.roles(closed=True)] == ["K-0", "K-1"]
        assert uow.successions.of_role("K-1") == uow.successions.of_person("l-1") == [MINE]
        assert uow.successions.snapshots("l-1") == [MONTH, replace(MONTH, month=date(2026, 5, 1))]
        assert uow.successions.check("K-1") == check
    for who in ("l-1", "l-3"):
        store.erase(who, None, {"actor": "test"})
    with store.units(write=False) as uow:
        role = uow.successions.role("K-1")
        assert uow.successions.of_role("K-1") == []
        assert uow.successions.snapshots("l-1") == []
    assert role is not None
    assert "l-3" not in (*role.incumbents, role.keeper_id)
