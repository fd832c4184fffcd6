"""`ascertain rehearse` on the demonstration: the same brain changes nothing, another policy does."""

from __future__ import annotations

from pathlib import Path

from ascertain.paths import CONFIG_DIR
from tests.e2e.harness import Place
from tests.integration.command import call, granted

AUDITORS = {"ASCERTAIN_FAIRNESS_AUDITORS": "ada"}
NOTED = ("--source", "invented", "--purpose", "tests")


def test_a_rehearsal_says_what_would_change_and_stores_nothing(own: Place, tmp_path: Path) -> None:
    def people_s() -> list[object]:
        return [own.rows(f"SELECT * FROM {t} ORDER BY 1, 2") for t in ("runs", "assertions", "review_items")]

    before = people_s()
    same = call("rehearse", "--brain", "embedded", "--limit", "3", "--json", home=own.home)
    assert same.code == 0, same
    assert same.json["figures"] | {"seconds": 0} == same.json["figures"] | {
        "seconds": 0,
        "people": 3,
        "changed": 0,
        "stored_before": 3,
    }
    assert same.json["versions"] == []

    text = (CONFIG_DIR / "policy.yaml").read_text(encoding="utf-8")
    stricter = tmp_path / "policy.yaml"
    stricter.write_text(text.replace("prior_strength: 1.0", "prior_strength: 3.0"), encoding="utf-8")
    granted(own.home, "lou", "l_and_d", "--population", "Engineering")
    refused = call("rehearse", "--policy", str(stricter), "--as", "lou", home=own.home)
    assert refused.code == 9, "lou may not assess everybody"
    mine = ("rehearse", "--policy", str(stricter), "--cohort", "Engineering", "--limit", "3", "--as", "lou")
    found = call(*mine, "--json", home=own.home).json
    assert found["figures"]["changed"] == 3
    assert found["figures"]["confidence_shift"]["largest"] > 0.01
    assert [v["what"] for v in found["versions"]] == ["policy"]
    assert len(found["changes"]) == 3
    shown = call(*mine, home=own.home)
    assert shown.code == 0, shown
    assert "3 people compared, 3 would change" in shown.out
    assert people_s() == before
    assert call("audit", "verify", home=own.home).code == 0
    looked = own.rows("SELECT count(*) FROM accesses WHERE what = 'rehearsal' AND actor = 'lou'")
    assert looked == [(6,)]

    granted(own.home, "adm", "admin")
    unread = call(*mine[:-1], "adm", "--json", home=own.home).json
    assert (unread["changes"], unread["not_shown"]) == ([], 3), "an administrator learns how many, not who"

    labels = str(CONFIG_DIR / "demo" / "demographics.csv")
    assert call("fairness", "labels", "import", labels, *NOTED, "--as", "ada", home=own.home, env=AUDITORS).code == 0
    grouped = call(*mine, "--by", "gender", home=own.home, env=AUDITORS)
    assert grouped.code == 9, "lou is no fairness auditor"
    granted(own.home, "ada", "l_and_d", "--population", "Engineering")
    grouped = call(*mine[:-1], "ada", "--by", "gender", home=own.home, env=AUDITORS)
    assert grouped.code == 0, grouped
    assert "too few" in grouped.out


def test_wrong_options_are_named(own: Place, tmp_path: Path) -> None:
    nothing = call("rehearse", home=own.home)
    assert (nothing.code, "--brain" in nothing.err) == (2, True)
    unknown = call("rehearse", "--brain", "nonsense", home=own.home)
    assert unknown.code == 2
    assert "nonsense" in unknown.err
    empty = call("rehearse", "--prompts", str(tmp_path), home=own.home)
    assert empty.code == 2
    assert "agents.yaml" in empty.err
    missing = call("rehearse", "--policy", str(tmp_path / "none.yaml"), home=own.home)
    assert missing.code == 2
    nobody = call("rehearse", "--brain", "embedded", "--cohort", "Astronauts", home=own.home)
    assert nobody.code == 4


def test_what_a_model_would_cost_is_said_before_it_is_asked(own: Place) -> None:
    """No run with it is known, no key is set, and nobody is asked."""
    before = own.rows("SELECT count(*) FROM audit_records"), own.rows("SELECT count(*) FROM usage_days")
    asked = {"ASCERTAIN_BRAIN": "openai"}
    found = call("sweep", "--estimate", "--cohort", "all", "--json", home=own.home, env=asked).json
    assert (found["people"], found["due"], found["rests_on"], found["walked"]) == (52, 52, 0, 5)
    assert found["calls"] == 52 * 10
    assert 52 * 2_000 < found["tokens"] < 52 * 100_000
    assert 0 < found["usd"] < 52
    shown = call("assess", "--estimate", "--learner", "FL1109", home=own.home, env=asked)
    assert shown.code == 0, shown
    assert "about 10 calls" in shown.out
    assert (own.rows("SELECT count(*) FROM audit_records"), own.rows("SELECT count(*) FROM usage_days")) == before
    rules = call("assess", "--estimate", "--cohort", "all", "--json", home=own.home).json
    assert (rules["due"], rules["unchanged"], rules["tokens"]) == (0, 52, 0)
    granted(own.home, "lou", "l_and_d", "--population", "Engineering")
    assert call("sweep", "--estimate", "--as", "lou", home=own.home).code == 9
