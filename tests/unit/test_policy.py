"""The policy file: read strictly, every field at fault named, versioned by its content."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from ascertain.domain.belief import FORMULA
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.rules import Opinions
from ascertain.domain.skills import SkillFamily
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.policy import parse_policy, read_policy

TEXT = (CONFIG_DIR / "policy.yaml").read_text(encoding="utf-8")


def _with(path: str, value: Any) -> str:
    document = yaml.safe_load(TEXT)
    *parents, last = path.split(".")
    place = document
    for p in parents:
        place = place[p]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return yaml.safe_dump(document)


def test_the_shipped_policy_holds_everything() -> None:
    policy, text = read_policy()
    assert text == TEXT
    assert set(policy.belief.half_life_months) == set(SkillFamily)
    assert set(policy.belief.reliability) == set(EvidenceKind) == set(policy.belief.default_level)
    assert len(policy.belief.prior_mean) == 5
    assert policy.routing.sensitive_target_error_rate < policy.routing.target_error_rate
    document = yaml.safe_load(TEXT)
    for room in ("belief", "routing", "mapping", "path", "review", "calibration"):
        fields = {f.name for f in dataclasses.fields(getattr(policy, room))}
        # the formula stands in the version, not among the rules; the calibration in use is none of the file's
        assert set(document[room]) - {"formula"} == fields - {"calibration"}


def test_every_number_arrives_where_it_belongs() -> None:
    policy = parse_policy(TEXT)
    document = yaml.safe_load(TEXT)
    for room in ("routing", "mapping", "path", "calibration"):
        assert dataclasses.asdict(getattr(policy, room)) == document[room]
    assert document["belief"].pop("formula") == FORMULA
    for name, value in document["belief"].items():
        found = getattr(policy.belief, name)
        if name == "readout":
            found = dataclasses.asdict(found)
        assert (list(found) if isinstance(found, tuple) else found) == value


def test_a_policy_that_names_no_formula_is_of_the_second() -> None:
    document = yaml.safe_load(TEXT)
    for name in ("formula", "level_step", "reach", "readout"):
        del document["belief"][name]
    old = parse_policy(yaml.safe_dump(document))
    assert old.version.startswith("1.2+")
    assert (old.belief.level_step, old.belief.reach, old.belief.readout) == (0.0, 0.0, None)


def test_a_policy_from_before_review_had_rules_of_its_own() -> None:
    document = yaml.safe_load(TEXT)
    del document["review"], document["routing"]["human_for_compliance"]
    document["routing"] |= {"review_due_days": 9, "human_for_sensitive": True}
    old = parse_policy(yaml.safe_dump(document))
    assert dict(old.review.due_days) == {1: 9, 2: 9, 3: 9, 4: 9}
    assert [(r.when.value, r.to.value) for r in old.review.assign] == [("always", "manager"), ("always", "l_and_d")]
    assert (old.routing.human_for_sensitive, old.routing.human_for_compliance) == (Opinions.ALONE, False)
    assert (old.review.watch.check_share, old.review.watch.second_share) == (0.0, 0.0)
    document["routing"]["human_for_sensitive"] = False
    assert parse_policy(yaml.safe_dump(document)).routing.human_for_sensitive is Opinions.NONE


def test_what_the_comments_promise_holds() -> None:
    b = parse_policy(TEXT).belief
    assert b.reliability[EvidenceKind.COMPLETION] * b.unscored_reliability < b.enough_evidence
    assert b.reliability[EvidenceKind.MANAGER_REVIEW] >= b.enough_evidence
    assert b.reliability[EvidenceKind.SELF_ASSESSMENT] < b.enough_evidence
    assert b.half_life_months[SkillFamily.FAST] < b.half_life_months[SkillFamily.DURABLE]


def test_the_version_changes_with_every_character_and_only_then() -> None:
    one = parse_policy(TEXT).version
    assert one == parse_policy(TEXT).version
    assert one.startswith(f"1.{FORMULA}+")
    assert parse_policy(TEXT + "# a remark\n").version != one


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("belief.prior_strength", 0, "greater than 0"),
        ("belief.prior_strength", float("inf"), "finite"),
        ("belief.prior_mean", [0.5, 0.4], "at least 5"),
        ("belief.prior_mean", [0.1, 0.2, 0.3, 0.4, 0.5], "must not increase"),
        ("belief.prior_mean", [1.0, 0.4, 0.3, 0.2, 0.1], "less than 1"),
        ("belief.performs_at", 1, "less than 1"),
        ("belief.level_support", 1.1, "less than or equal to 1"),
        ("belief.enough_evidence", "much", "number"),
        ("belief.formula", 1, "greater than or equal to 2"),
        ("belief.formula", FORMULA + 1, f"less than or equal to {FORMULA}"),
        ("belief.formula", 2, "formula 2 knows no level_step"),
        ("belief.reach", ..., "formula 3 needs reach"),
        ("belief.level_step", 0, "greater than 0"),
        ("belief.readout.standing", -0.1, "greater than or equal to 0"),
        ("belief.reliability.project", -1, "greater than or equal to 0"),
        ("belief.reliability.project", float("nan"), "belief.reliability"),
        ("belief.reliability.project", float("inf"), "less than or equal to 1000"),
        ("belief.reliability.project", ..., "reliability lacks project"),
        ("belief.reliability.gossip", 1, "certification"),
        ("belief.half_life_months.fast", 0, "greater than 0"),
        ("belief.half_life_months.fast", ..., "half_life_months lacks fast"),
        ("belief.default_level.badge", 6, "less than or equal to 5"),
        ("belief.default_level.badge", ..., "default_level lacks badge"),
        ("routing.target_error_rate", 0.5, "less than 0.5"),
        ("routing.human_for_sensitive", "perhaps", "'any', 'alone' or 'none'"),
        ("routing.review_due_days", 14, "review is missing"),
        ("routing.accept_from", 0.4, "greater than or equal to 0.5"),
        ("review", ..., "review is missing"),
        ("review.due_days", {1: 5, 2: 7, 3: 14}, "priorities 1 to 4"),
        ("review.due_days", {1: 15, 2: 7, 3: 14, 4: 28}, "priorities 1 to 4"),
        ("review.assign", [{"when": "always", "to": "manager"}], "must end with"),
        ("review.assign", [{"when": "never", "to": "l_and_d"}], "'compliance'"),
        ("review.watch.careful_fast", 0.9, "careless_fast must be above"),
        ("review.watch.false_alarm", 0, "greater than 0"),
        ("mapping.tags_per_content", 51, "less than or equal to 50"),
        ("path.horizon_weeks", 0, "greater than or equal to 1"),
        ("path.solver_seconds", 0, "greater than 0"),
        ("path.surprise", 1, "not permitted"),
        ("path.max_items", ..., "required"),
        ("version", ..., "required"),
    ],
)
def test_a_wrong_field_is_named(path: str, value: Any, says: str) -> None:
    with pytest.raises(ConfigError) as e:
        parse_policy(_with(path, value), source="mine.yaml")
    assert e.value.message.startswith("mine.yaml is not a valid policy: ")
    room = path.split(".")[0]
    assert room in e.value.message
    assert says in e.value.message
    assert e.value.remedy


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "42"])
def test_what_is_no_policy_at_all(text: str) -> None:
    with pytest.raises(ConfigError, match=r"policy\.yaml is not a valid policy"):
        parse_policy(text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the policy gone\.yaml: No such file"):
        read_policy(tmp_path / "gone.yaml")


def test_another_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(_with("path.horizon_weeks", 12), encoding="utf-8")
    assert read_policy(file)[0].path.horizon_weeks == 12


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"version: \xff\xfe")
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        read_policy(file)
