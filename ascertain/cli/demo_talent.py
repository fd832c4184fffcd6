"""What the demonstration shows of openings: some are taken in, some people say that they want to be found and what they
want, and lists are made under rules of the demonstration's own. As shipped people are not compared with openings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascertain.cli.demo_people import MARK, address_of, principal
from ascertain.paths import CONFIG_DIR

if TYPE_CHECKING:
    from ascertain.runtime import App

FOUND = (
    "FL1101", "FL1102", "FL1103", "FL1104", "FL1105", "FL1106", "FL1107", "FL1108", "FL1109", "FL1110", "FL1111",
    "FL1201", "FL1202", "FL1203", "FL1301", "FL1302", "FL1303", "FL1401", "FL1402",
)  # fmt: skip
"""Who says that they want to be found."""
WISHES = (
    ("FL1109", "opening", "R-2041", "interested"),
    ("FL1109", "skill", "coaching", "learn"),
    ("FL1101", "skill", "ai-literacy", "use"),
    ("FL1102", "opening", "P-118", "interested"),
    ("FL1104", "opening", "G-77", "not_interested"),
)
RULES = CONFIG_DIR / "demo" / "talent.yaml"


def lines(app: App) -> list[str]:
    """Two lines on openings and the lists for them."""
    from ascertain.domain.consent import Origin, Purpose
    from ascertain.domain.wishes import Topic
    from ascertain.pipeline.consent import say
    from ascertain.pipeline.matches import refresh, shown_list
    from ascertain.pipeline.openings import import_openings, opening_or_raise, read_openings
    from ascertain.pipeline.permit import operator
    from ascertain.pipeline.talent_file import read_talent
    from ascertain.pipeline.wishes import state

    raw = read_openings(CONFIG_DIR / "demo" / "openings.json")
    by = operator(MARK, today=app.clock.today())
    with app.units() as uow:
        here = {p.id for p in uow.people.all()}
        report = import_openings(uow, app.bundle.taxonomy, raw, actor=by, clock=app.clock)
        names = {i: address_of(uow, i) for i in FOUND if i in here}
        uow.commit()
    if report.refused:
        return [f"openings left out: {', '.join(f'{r.id}: {r.detail}' for r in report.refused)}"]
    agreed = {"given": True, "origin": Origin.PERSON, "reason": "asked in the demonstration", "text_version": "demo-1"}
    for person, address in names.items():
        say(app.units, app.clock, person, [Purpose.MOBILITY], actor=address, **agreed)  # type: ignore[arg-type]
    with app.units() as uow:
        for person, topic, about, want in WISHES:
            found = uow.people.get(person)
            if found is not None and found.active and not found.restricted:
                who = principal(app, uow, names[person])
                about_what = Topic(topic)
                state(uow, app.bundle.taxonomy, found, about_what, about, want, actor=who, clock=app.clock)
        refresh(uow, read_talent(RULES), app.policy.belief, app.clock)
        uow.commit()
    with app.units(write=False) as uow:
        first = shown_list(uow, by, opening_or_raise(uow, "R-2041"))
    named = first.rows[0][0].name if first.rows else "nobody"
    opened = len(raw["openings"])
    return [
        f"{opened} openings are beside {len(names)} people who want to be found; for {first.opening.title} {named} "
        f"stands first of {len(first.rows)}, who asked for it (`match opening R-2041`)",
        "comparing people with openings is off as shipped; here ASCERTAIN_TALENT_FILE=config/demo/talent.yaml is on",
    ]
