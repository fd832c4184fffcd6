"""What the demonstration shows of succession: two key roles, people who want to be found on their lists, and the
month's readiness kept, under rules of the demonstration's own. As shipped succession is not planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ascertain.cli.demo_people import MARK, principal
from ascertain.cli.demo_talent import RULES
from ascertain.paths import CONFIG_DIR

if TYPE_CHECKING:
    from ascertain.runtime import App

NOMINATED = (
    ("K-EM", "FL1109", "leads the integrations team already"),
    ("K-EM", "FL1101", "runs the reviews of the whole group"),
    ("K-EM", "FL1108", "the others come to him with questions of design"),
    ("K-LE", "FL1101", "knows every service and who to ask"),
    ("K-LE", "FL1104", "carries the releases"),
    ("K-LE", "FL1102", "learns fast, and wants to lead"),
    ("K-DE", "FL1301", "builds half of her reports' pipelines herself"),
    ("K-DE", "FL1101", "wrote the exports that the pipelines read"),
)


def lines(app: App) -> list[str]:
    """One line on key roles and their benches."""
    from ascertain.domain.readiness import Band
    from ascertain.domain.succession import Strength
    from ascertain.errors import ForbiddenError
    from ascertain.pipeline.permit import operator
    from ascertain.pipeline.readiness import keep_month
    from ascertain.pipeline.succession import benches, nominate
    from ascertain.pipeline.succession_roles import import_key_roles, read_key_roles
    from ascertain.pipeline.talent_file import read_talent

    ground = replace(app.readiness, talent=read_talent(RULES))
    by = operator(MARK, today=app.clock.today())
    with app.units() as uow:
        report = import_key_roles(uow, read_key_roles(CONFIG_DIR / "demo" / "key-roles.json"), actor=by)
        for role_id, who, why in NOMINATED:
            role, person = uow.successions.role(role_id), uow.people.get(who)
            if role is None or person is None or not person.active:
                continue
            try:
                boss = principal(app, uow, person.manager_id) if person.manager_id else by
                nominate(uow, role, person, reason=why, actor=boss, clock=app.clock, ground=ground)
            except ForbiddenError:
                continue  # has taken back since that they want to be found
        keep_month(uow, ground, app.clock)
        uow.commit()
    if report.refused:
        return [f"key roles left out: {', '.join(f'{r.id}: {r.detail}' for r in report.refused)}"]
    with app.units(write=False) as uow:
        found, _ = benches(uow, by, ground)

    def year(s: Strength) -> str:
        c = s.by[Band.YEAR]
        return f"{c.low} to {c.high}" if c.low != c.high else str(c.low)

    told = "; ".join(f"{b.role.title}: {year(b.strength)} of {len(b.rows)} within a year" for b in found)
    return [f"{len(found)} key roles and who could follow, {told} (`succession bench`; off as shipped)"]
