"""What the demonstration shows of mentors: some colleagues offer it, somebody asks one, and is told yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascertain.cli.demo_people import address_of, principal

if TYPE_CHECKING:
    from ascertain.runtime import App

OFFERS = 6
"""So many people offer to be a mentor."""


def lines(app: App) -> list[str]:
    """Who offers, and one pair. A second time nothing is offered or asked again."""
    from ascertain.domain.mentoring import Offer, PairState
    from ascertain.pipeline import mentoring
    from ascertain.pipeline.mentoring_find import find, may_mentor, open_needs

    desk, taxonomy = app.mentors, app.bundle.taxonomy
    with app.units() as uow:
        people = {p.id: p for p in uow.people.all() if not p.restricted}
        good = dict.fromkeys(a.learner_id for a in uow.assertions.experts(desk.seek.rules.least_level))
        able = [people[i] for i in good if i in people and may_mentor(people[i])][:OFFERS]
        for p in able:
            by = principal(app, uow, address_of(uow, p.id))
            mentoring.offer(uow, taxonomy, Offer(p.id, 2, note="Happy to help."), p, desk, actor=by)
        pairs = [(p, *fit) for p in people.values() for fit in find(uow, p, open_needs(uow, p), desk.seek)[:1]]
        if not pairs:
            uow.commit()
            return [f"{len(able)} people offer to be a mentor"]
        known = [m for p in able for m in uow.mentoring.of(p.id) if m.state is PairState.ACCEPTED]
        if known:
            row, learner = known[0], people[known[0].learner_id]
        else:
            learner, mentor, fit = max(pairs, key=lambda r: (r[2].score, r[0].id))
            by = principal(app, uow, address_of(uow, learner.id))
            row = mentoring.ask(uow, learner, mentor.id, fit.skill_id, "May I ask you things?", desk, actor=by)
            by = principal(app, uow, address_of(uow, mentor.id))
            row = mentoring.answer(uow, row, yes=True, said="Gladly.", desk=desk, actor=by)
        uow.commit()
    mentor, skill = people[row.mentor_id], taxonomy.skill(row.skill_id)
    return [
        f"{len(able)} people offer to be a mentor; {mentor.name} has said yes to {learner.name} for "
        f"{skill.label if skill else row.skill_id} (`mentor list {learner.id}`, `mentor find {learner.id}`)"
    ]
