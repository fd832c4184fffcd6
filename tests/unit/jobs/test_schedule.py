"""Slots of cron expressions, and the strictness of schedules.yaml."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.errors import ConfigError
from ascertain.jobs.schedule import ScheduleEntry, read_schedules

MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))
CRONS = st.sampled_from(["30 2 * * *", "*/5 * * * *", "0 3 1 * *", "15 8 * * 1-5", "0 0 29 2 *"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(moment=MOMENTS, cron=CRONS, zone=ZONES)
def test_now_lies_between_the_last_slot_and_the_next(moment: datetime, cron: str, zone: str) -> None:
    entry = ScheduleEntry(cron=cron, cohort="all", timezone=zone)
    last, following = entry.last_slot(moment), entry.next_slot(moment)
    assert last <= moment < following
    assert entry.last_slot(last) == last, "a slot is its own last slot"
    assert entry.last_slot(following) == following
    assert entry.last_slot(following - timedelta(seconds=1)) == last, "none is skipped"


def test_slots_are_local_times() -> None:
    entry = ScheduleEntry(cron="30 2 * * *", cohort="all", timezone="Europe/Berlin")
    assert entry.last_slot(datetime(2026, 1, 10, 12, tzinfo=UTC)) == datetime(2026, 1, 10, 1, 30, tzinfo=UTC)
    assert entry.last_slot(datetime(2026, 7, 10, 12, tzinfo=UTC)) == datetime(2026, 7, 10, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_one_slot_a_day_also_when_the_clocks_change(day: datetime) -> None:
    entry = ScheduleEntry(cron="30 2 * * *", cohort="all", timezone="Europe/Berlin")
    moments = [day - timedelta(days=1) + timedelta(minutes=10 * i) for i in range(3 * 144)]
    slots = {entry.last_slot(m) for m in moments}
    assert len(slots) == 4, sorted(slots)  # of the day before, and of each of the three days


def test_the_shipped_schedules_are_valid() -> None:
    entries = read_schedules()
    assert entries
    assert all(bool(e.cohort) == (e.task == "sweep") for e in entries.values())
    shipped = {"sync", "tag", "sweep", "retain", "match", "readiness", "replan", "steward"}
    assert {e.task for e in entries.values()} == shipped


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schedules: {n: {cron: '61 * * * *', cohort: all}}", r"n\.cron: '61 \* \* \* \*' is not a cron expression"),
        ("schedules: {n: {cron: '* * * * * *', cohort: all}}", r"n\.cron: .* five fields"),
        ("schedules: {n: {cron: '@daily', cohort: all}}", r"n\.cron: .* five fields"),
        ("schedules: {n: {cron: '0 0 30 2 *', cohort: all}}", r"n\.cron: .* never comes"),
        ("schedules: {n: {cron: '0 0 * * *', cohort: ''}}", r"n\.cohort: "),
        ("schedules: {n: {cron: '0 0 * * *', cohort: all, timezone: Mars/Olympus}}", r"n\.timezone: .* IANA"),
        ("schedules: {n: {cron: '0 0 * * *', cohort: all, timezone: ../../etc/passwd}}", r"n\.timezone: .* IANA"),
        ("schedules: {n: {cron: '0 0 * * *', cohort: all, priority: urgent}}", r"n\.priority: "),
        ("schedules: {n: {cron: '0 0 * * *', cohort: all, func: os.system}}", r"n\.func: "),
        ("schedules: {'Not a name': {cron: '0 0 * * *', cohort: all}}", r"Not a name"),
        ("schedules: [", r"not valid YAML"),
        ("", r"s\.yaml: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as e:
        read_schedules(file)
    assert e.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the schedules .*nowhere"):
        read_schedules(tmp_path / "nowhere.yaml")
