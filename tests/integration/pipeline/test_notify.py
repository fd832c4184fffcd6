"""Messages: when there are any, what they say, how long they are tried, and what they never say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.notifications import (
    RETRIES,
    Delivered,
    Endpoint,
    MailRules,
    NotificationState,
    Outcome,
    PersonName,
)
from ascertain.domain.outbox import Switch
from ascertain.domain.people import Learner
from ascertain.errors import NotFoundError
from ascertain.pipeline.connection_lease import ConnectionLeases
from ascertain.pipeline.notify import Notifier
from ascertain.pipeline.notify_mail import OPT_OUT
from tests.integration.pipeline.world import World
from tests.integration.pipeline.writing import NOW, Clock, settle, skill, state


@dataclass
class Hook:
    """A receiver in memory; answers what it is told to, then that it took the message."""

    answers: list[Outcome] = field(default_factory=list)
    calls: list[tuple[str, str, datetime]] = field(default_factory=list)

    def send(self, message_id: str, body: str, now: datetime) -> Outcome:
        self.calls.append((message_id, body, now))
        return self.answers.pop(0) if self.answers else Outcome(Delivered.YES)

    def said(self) -> list[dict[str, object]]:
        return [json.loads(body)["data"] for _, body, _ in self.calls]


@dataclass
class Post:
    """A mail server in memory."""

    answers: list[Outcome] = field(default_factory=list)
    mails: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, message_id: str, to: str, subject: str, text: str) -> Outcome:
        self.mails.append((to, subject, text))
        return self.answers.pop(0) if self.answers else Outcome(Delivered.YES)


LATER = Outcome(Delivered.LATER, "answered 503")


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def team(world: World) -> World:
    """Ada and Bea report to the boss; Ada has two accepted skills, one in review; Bea one, contested."""
    with world.store.units() as uow:
        uow.people.upsert([Learner("BOSS", "The Boss", "boss@example.org")])
        uow.commit()
    settle(
        world.store,
        {"ADA": "1", "BEA": "2"},
        skill("ADA", "sql"),
        skill("ADA", "go"),
        skill("ADA", "rust", state=AssertionState.IN_REVIEW),
        skill("BEA", "sql", state=AssertionState.CONTESTED),
    )
    return world


def by_hook(world: World, hook: Hook, clock: Clock, person: PersonName = PersonName.ID) -> Notifier:
    return Notifier(
        world.store.units,
        clock,
        endpoints=[Endpoint("crm", person)],
        senders={"crm": hook},
        pseudonym=world.pseudonyms.pseudonym,
        budget=world.store.budget(),
        chance=lambda: 0.5,
    )


def by_mail(world: World, post: Post, clock: Clock, *, levels: bool = False) -> Notifier:
    rules = MailRules(timedelta(days=7), levels)
    return Notifier(world.store.units, clock, mail=rules, mailer=post, budget=world.store.budget())


def test_nothing_configured_nothing_done(team: World, clock: Clock) -> None:
    report = Notifier(team.store.units, clock).run()
    assert (report.new, report.sent) == (0, 0)


def test_a_webhook_tells_what_is_accepted_and_nothing_else(team: World, hook: Hook, clock: Clock) -> None:
    notifier = by_hook(team, hook, clock)
    report = notifier.run()
    assert (report.new, report.sent) == (1, 1)
    (said,) = hook.said()
    assert said == {
        "person": "ADA",
        "skills": [
            {"id": "go", "label": "Go", "level": 3, "human_reviewed": False},
            {"id": "sql", "label": "Sql", "level": 3, "human_reviewed": False},
        ],
        "added": ["go", "sql"],
        "changed": [],
        "removed": [],
    }
    assert not any(word in hook.calls[0][1] for word in ("0.97", "confidence", "Person", "rust"))
    assert (notifier.run().new, len(hook.calls)) == (0, 1)


def test_the_next_one_tells_what_changed_since(team: World, hook: Hook, clock: Clock) -> None:
    notifier = by_hook(team, hook, clock)
    notifier.run()
    state(team.store, "as-ADA-go", AssertionState.CONTESTED)
    state(team.store, "as-ADA-sql", AssertionState.ACCEPTED, level=4)
    state(team.store, "as-ADA-rust", AssertionState.ACCEPTED)
    notifier.run()
    said = hook.said()[1]
    assert (said["added"], said["changed"], said["removed"]) == (["rust"], ["sql"], ["go"])
    for ident in ("sql", "rust"):
        state(team.store, f"as-ADA-{ident}", AssertionState.REJECTED)
    notifier.run()
    assert (hook.said()[2]["skills"], hook.said()[2]["removed"]) == ([], ["rust", "sql"])


@pytest.mark.parametrize("person", list(PersonName))
def test_a_person_is_named_as_configured(team: World, hook: Hook, clock: Clock, person: PersonName) -> None:
    by_hook(team, hook, clock, person).run()
    wanted = {"id": "ADA", "email": "ada@example.org", "pseudonym": team.pseudonyms.pseudonym("ADA")}
    assert hook.said()[0]["person"] == wanted[person.value]
    assert ("ada@example.org" in hook.calls[0][1]) == (person is PersonName.EMAIL)


def test_tries_go_on_for_days_under_the_same_id_and_with_the_same_bytes(team: World, hook: Hook, clock: Clock) -> None:
    hook.answers = [LATER] * (len(RETRIES) + 5)
    notifier = by_hook(team, hook, clock)
    disabled: list[str] = []
    for _ in range(24 * 6):
        disabled += notifier.run().disabled
        if disabled:
            break
        clock.at += timedelta(hours=1)
    times = [at for _, _, at in hook.calls]
    waits = [b - a for a, b in pairwise(times)]
    assert len(hook.calls) == len(RETRIES) + 1
    assert all(w >= r for w, r in zip(waits, RETRIES, strict=True))
    assert timedelta(days=3) < times[-1] - times[0] < timedelta(days=5)
    assert len({(i, b) for i, b, _ in hook.calls}) == 1
    assert disabled == ["crm"]
    with team.store.units(write=False) as uow:
        assert uow.notifications.counts() == {("crm", "given_up"): 1}


def test_a_receiver_that_is_gone_is_disabled_at_once_and_hears_again_when_enabled(
    team: World, hook: Hook, clock: Clock
) -> None:
    hook.answers = [Outcome(Delivered.GONE, "answered 410: gone")]
    notifier = by_hook(team, hook, clock)
    assert notifier.run().disabled == ["crm"]
    clock.at += timedelta(days=1)
    assert (notifier.run().sent, len(hook.calls)) == (0, 1)
    with pytest.raises(NotFoundError):
        notifier.enable("other", "ops")
    notifier.enable("crm", "ops")
    assert notifier.run().sent == 1
    assert hook.calls[0][0] == hook.calls[1][0]


def test_what_is_contested_between_two_tries_is_not_sent(team: World, hook: Hook, clock: Clock) -> None:
    hook.answers = [LATER]
    notifier = by_hook(team, hook, clock)
    assert notifier.run().later == 1
    state(team.store, "as-ADA-go", AssertionState.CONTESTED)
    clock.at += timedelta(minutes=10)
    report = notifier.run()
    assert (report.superseded, report.new, report.sent) == (1, 1, 1)
    assert [s["id"] for s in hook.said()[1]["skills"]] == ["sql"]  # type: ignore[attr-defined]
    assert hook.calls[0][0] != hook.calls[1][0]


def test_a_receiver_that_asks_to_wait_is_left_alone_for_so_long(team: World, hook: Hook, clock: Clock) -> None:
    hook.answers = [Outcome(Delivered.LATER, "answered 429", 3600)]
    notifier = by_hook(team, hook, clock)
    notifier.run()
    clock.at += timedelta(minutes=59)
    notifier.run()
    assert len(hook.calls) == 1
    clock.at += timedelta(minutes=2)
    assert notifier.run().sent == 1


def test_only_one_process_sends(team: World, hook: Hook, clock: Clock) -> None:
    other = ConnectionLeases(team.store.budget())
    assert other.take("notifications")
    assert by_hook(team, hook, clock).run().busy
    assert hook.calls == []


class Erasing(Hook):
    """Somebody is erased while a message about them is on its way."""

    world: World

    def send(self, message_id: str, body: str, now: datetime) -> Outcome:
        self.world.sql("DELETE FROM notifications WHERE learner_id = 'ADA'")
        return super().send(message_id, body, now)


def test_somebody_who_is_erased_meanwhile_is_no_trouble(team: World, clock: Clock) -> None:
    hook = Erasing()
    hook.world = team
    assert by_hook(team, hook, clock).run().sent == 1
    with team.store.units(write=False) as uow:
        assert uow.notifications.counts() == {}


def test_a_manager_gets_one_digest_that_names_their_people_and_no_scores(team: World, post: Post, clock: Clock) -> None:
    notifier = by_mail(team, post, clock)
    assert notifier.run().sent == 1
    ((to, _, text),) = post.mails
    assert to == "boss@example.org"
    assert "Person ADA\n  new: Go\n  new: Sql\n" in text
    assert not any(word in text for word in ("BEA", "Rust", "0.97", "practitioner", "3"))
    state(team.store, "as-ADA-rust", AssertionState.ACCEPTED)
    clock.at += timedelta(days=6)
    assert notifier.run().new == 0
    clock.at += timedelta(days=2)
    notifier.run()
    assert "  new: Rust\n" in post.mails[1][2]
    assert "Sql" not in post.mails[1][2]


def test_levels_are_told_where_the_policy_says_so(team: World, post: Post, clock: Clock) -> None:
    by_mail(team, post, clock, levels=True).run()
    assert "  new: Go (practitioner)\n" in post.mails[0][2]


def test_who_opted_out_gets_none_and_a_loss_alone_is_no_reason(team: World, post: Post, clock: Clock) -> None:
    with team.store.units() as uow:
        uow.switches.put(Switch(f"{OPT_OUT}BOSS", False, "boss", "", NOW))
        uow.commit()
    notifier = by_mail(team, post, clock)
    assert notifier.run().new == 0
    with team.store.units() as uow:
        uow.switches.put(Switch(f"{OPT_OUT}BOSS", True, "boss", "", NOW))
        uow.commit()
    assert notifier.run().sent == 1
    clock.at += timedelta(days=8)
    state(team.store, "as-ADA-go", AssertionState.REJECTED)
    assert notifier.run().new == 0


def test_a_manager_of_yesterday_hears_nothing_about_people_of_today(team: World, post: Post, clock: Clock) -> None:
    post.answers = [LATER]
    notifier = by_mail(team, post, clock)
    assert notifier.run().later == 1
    with team.store.units(write=False) as uow:
        ada = uow.people.get("ADA")
    assert ada is not None
    team.person(ada, manager_id="E3")
    clock.at += timedelta(hours=1)
    notifier.run()
    assert [to for to, _, _ in post.mails] == ["boss@example.org", "chi@example.org"]
    with team.store.units(write=False) as uow:
        assert uow.notifications.latest_mails(NotificationState.SUPERSEDED).keys() == {"BOSS"}


def test_an_address_that_does_not_exist_is_given_up(team: World, post: Post, clock: Clock) -> None:
    post.answers = [Outcome(Delivered.NEVER, "the recipient is refused (550)")]
    report = by_mail(team, post, clock).run()
    assert (report.given_up, report.disabled) == (1, [])


class Dying(Hook):
    """The process dies once the message has arrived, the first time."""

    def send(self, message_id: str, body: str, now: datetime) -> Outcome:
        super().send(message_id, body, now)
        if len(self.calls) == 1:
            raise KeyboardInterrupt
        return Outcome(Delivered.YES)


def test_after_a_crash_the_same_message_comes_again(team: World, clock: Clock) -> None:
    hook = Dying()
    notifier = by_hook(team, hook, clock)
    with pytest.raises(KeyboardInterrupt):
        notifier.run()
    assert notifier.run().sent == 1
    assert hook.calls[0][:2] == hook.calls[1][:2]
    assert (notifier.run().sent, len(hook.calls)) == (0, 2)
