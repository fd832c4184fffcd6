"""Which limit a job counts towards, and how limits are written."""

from __future__ import annotations

import pytest

from ascertain.errors import ConfigError
from ascertain.jobs import onboarding, outgoing, queue
from ascertain.jobs.lanes import KINDS, lane_of, read_limits


def test_every_kind_but_all_is_that_of_a_job() -> None:
    of = {
        lane_of(f, ("lms",))
        for f in (queue.ASSESS, queue.RECEIVE, outgoing.PUSH, outgoing.TAG_PART, outgoing.RETRY, onboarding.DRAFT)
    }
    assert of == {"assess", "connection:lms", "writeback", "tag", "onboard"}
    assert {name.partition(":")[0] for name in of} == set(KINDS) - {"all"}
    assert lane_of(queue.SWEEP, ("all",)) == ""


def test_limits_are_read() -> None:
    assert read_limits("") == {}
    assert read_limits("all=16, connection=1 ,connection:docebo=2") == {
        "all": 16,
        "connection": 1,
        "connection:docebo": 2,
    }


@pytest.mark.parametrize("text", ["assess", "assess=0", "assess=many", "nonsense=1", "assess:x=1", "connection:=1"])
def test_what_is_no_limit_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"ASCERTAIN_LIMITS: .* is no limit"):
        read_limits(text)
