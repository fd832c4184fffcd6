"""Consent: two parties, histories, and what follows from them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.consent import (
    OPT_IN,
    SOURCE_OF,
    WORDS,
    Answers,
    Consents,
    OrganisationStatement,
    Origin,
    Purpose,
    Source,
    Statement,
    Topic,
    standing,
    standing_of_organisation,
    topic_of,
)
from ascertain.domain.evidence import SENSITIVE_KINDS, EvidenceKind

DAY, AT = date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)
TOPICS: list[Topic] = [*Purpose, *Source]


def said(topic: Topic, given: bool, origin: Origin = Origin.PERSON) -> Statement:
    return Statement("E1", topic, given, origin, DAY, "1", "test", "", AT)


def by_organisation(topic: Topic, given: bool) -> OrganisationStatement:
    return OrganisationStatement(topic, given, DAY, "1", "test", "", AT)


histories = st.lists(st.builds(said, st.sampled_from(TOPICS), st.booleans(), st.sampled_from(Origin)), max_size=12)


def test_every_kind_has_a_source_every_topic_has_words_and_sensitive_kinds_need_opting_in() -> None:
    assert set(SOURCE_OF) == set(EvidenceKind)
    assert set(WORDS) == set(TOPICS)
    assert {k for k in EvidenceKind if SOURCE_OF[k] in OPT_IN} == SENSITIVE_KINDS
    assert len({t.value for t in TOPICS}) == len(TOPICS)


@pytest.mark.parametrize("kind", sorted(SENSITIVE_KINDS), ids=str)
@pytest.mark.parametrize("person", [None, False, True], ids=str)
@pytest.mark.parametrize("organisation", [None, False, True], ids=str)
def test_opinions_and_messages_need_a_yes_of_both(
    kind: EvidenceKind, person: bool | None, organisation: bool | None
) -> None:
    source = SOURCE_OF[kind]
    own = standing([] if person is None else [said(source, person)])
    theirs = standing_of_organisation([] if organisation is None else [by_organisation(source, organisation)])
    consents = Consents(own, theirs)
    assert consents.allows(kind) is (person is True and organisation is True)
    assert (consents.why_not(source) == "") is consents.allows(kind)


@pytest.mark.parametrize("topic", [t for t in TOPICS if t not in OPT_IN], ids=str)
def test_everything_else_is_allowed_until_one_says_no(topic: Topic) -> None:
    assert Consents().allows(topic)
    assert not Consents(person=standing([said(topic, False)])).allows(topic)
    assert not Consents(organisation=standing_of_organisation([by_organisation(topic, False)])).allows(topic)


@given(histories)
def test_a_persons_own_no_is_lifted_by_the_person_alone(history: list[Statement]) -> None:
    now = standing(history)
    for topic in {s.topic for s in history}:
        own = [s for s in history if s.topic is topic and s.origin is Origin.PERSON]
        if own and not own[-1].given:
            assert not now.allow(topic)
            continue
        last = [s for s in history if s.topic is topic][-1]
        assert now.allow(topic) is last.given


@given(histories)
def test_without_own_words_the_newest_statement_counts(history: list[Statement]) -> None:
    others = [s for s in history if s.origin is not Origin.PERSON]
    now = standing(others)
    assert all(
        now.allow(t) is next(s.given for s in reversed(others) if s.topic is t) for t in {s.topic for s in others}
    )


@given(histories)
def test_what_stands_survives_being_stored(history: list[Statement]) -> None:
    now = standing(history)
    assert Answers.read(now.plain()) == now


@given(histories, st.lists(st.builds(by_organisation, st.sampled_from(TOPICS), st.booleans()), max_size=6))
def test_the_number_of_withdrawals_never_falls_and_each_of_a_used_source_counts(
    history: list[Statement], organisation: list[OrganisationStatement]
) -> None:
    counts = [standing(history[:n]).withdrawals for n in range(len(history) + 1)]
    assert counts == sorted(counts)
    for n in range(len(history)):
        before, after = standing(history[:n]), standing(history[: n + 1])
        lost = any(before.allow(s) and not after.allow(s) for s in Source)
        assert (after.withdrawals > before.withdrawals) is lost
    theirs = [standing_of_organisation(organisation[:n]).withdrawals for n in range(len(organisation) + 1)]
    assert theirs == sorted(theirs)


def test_a_case_is_covered_until_something_in_it_is_taken_back() -> None:
    yes = Consents(
        standing([said(Source.REVIEWS, True)]), standing_of_organisation([by_organisation(Source.REVIEWS, True)])
    )
    kinds = [EvidenceKind.MANAGER_REVIEW, EvidenceKind.TICKET]
    assert yes.covers(yes, kinds)
    taken = Consents(standing([said(Source.REVIEWS, True), said(Source.REVIEWS, False)]), yes.organisation)
    assert not taken.covers(yes, kinds)
    again = [said(Source.REVIEWS, True), said(Source.REVIEWS, False), said(Source.REVIEWS, True)]
    assert not Consents(standing(again), yes.organisation).covers(yes, kinds), (
        "what was deleted is not in the case any more"
    )
    unasked = Consents(standing([said(Source.REVIEWS, True), said(Purpose.MENTORING, False)]), yes.organisation)
    assert unasked.covers(yes, kinds)
    stopped = Consents(standing([said(Source.REVIEWS, True), said(Purpose.ASSESSMENT, False)]), yes.organisation)
    assert not stopped.covers(yes, [])


def test_topics_by_name() -> None:
    assert topic_of(" Peer-Feedback ") is Source.PEER_FEEDBACK
    assert topic_of("mentoring") is Purpose.MENTORING
    with pytest.raises(ValueError, match="horoscope"):
        topic_of("horoscope")
