"""Every number of the demonstration can be rebuilt, and whoever changes one behind the product's back is found out."""

from __future__ import annotations

import json

import pytest

from tests.e2e.harness import ROOT, Demo, Place

DROP_TRIGGERS = tuple(f"DROP TRIGGER audit_records_no_{what}" for what in ("update", "delete", "replace"))


def test_every_assertion_is_byte_identical(demo: Demo) -> None:
    count = demo.place.rows("SELECT count(*) FROM assertions")[0][0]
    assert count > 500
    done = demo.place.json("replay", "--all")
    assert done == {"replayed": count, "differ": []}


def test_one_assertion_by_the_beginning_of_its_id(demo: Demo) -> None:
    (found,) = demo.place.rows("SELECT id, result FROM assertions ORDER BY id LIMIT 1")
    (replayed,) = demo.place.json("replay", found[0][:12])
    assert replayed["assertion_id"] == found[0]
    assert replayed["identical"] is True
    assert replayed["stored"] == replayed["rebuilt"] == found[1]


def test_changed_evidence_is_named(own: Place) -> None:
    """A better score in one completion: the replay says which evidence differs, in what, and how it changes things."""
    evidence = _counting_evidence(own)
    own.tamper(f"UPDATE evidence SET score = CASE WHEN score > 0.5 THEN 0.1 ELSE 0.95 END WHERE id = '{evidence}'")
    done = own.json("replay", "--all", code=8)
    assert done["differ"]
    for replay in done["differ"]:
        assert not replay["identical"]
        assert any(f"evidence {evidence}: outcome was" in d for d in replay["differences"]), replay["differences"]


def test_lost_evidence_is_named(own: Place) -> None:
    evidence = _counting_evidence(own)
    own.tamper(f"DELETE FROM evidence WHERE id = '{evidence}'")
    done = own.json("replay", "--all", code=8)
    assert done["differ"]
    for replay in done["differ"]:
        assert f"evidence {evidence} is no longer stored or no longer quoted" in replay["differences"]


def test_changed_result_is_named(own: Place) -> None:
    (row,) = own.rows("SELECT id, result FROM assertions WHERE confidence > 0.6 ORDER BY id LIMIT 1")
    altered = json.loads(row[1]) | {"confidence": 0.999}
    text = json.dumps(altered, sort_keys=True, separators=(",", ":"))
    quoted = text.replace("'", "''")  # of colleagues' opinions, say
    own.tamper(f"UPDATE assertions SET result = '{quoted}' WHERE id = '{row[0]}'")
    done = own.run("replay", row[0], code=8)
    assert f"{row[0]}: DIFFERS" in done.stdout
    assert "confidence: stored 0.999, rebuilt" in done.stdout
    everything = own.json("replay", "--all", code=8)
    assert [r["assertion_id"] for r in everything["differ"]] == [row[0]]


@pytest.mark.parametrize(("column", "value"), [("confidence", 0.999), ("level", 5), ("state", "accepted")])
def test_changed_column_is_named(own: Place, column: str, value: float | str) -> None:
    """What people are shown comes from the columns: they must not drift from the bytes that were sealed."""
    (row,) = own.rows("SELECT id FROM assertions WHERE state = 'in_review' AND level < 5 ORDER BY id LIMIT 1")
    own.tamper(f"UPDATE assertions SET {column} = '{value}' WHERE id = '{row[0]}'")
    done = own.json("replay", row[0], code=8)
    assert any(column in d for d in done[0]["differences"]), done


def test_changed_policy_in_the_archive_is_refused(own: Place) -> None:
    """The version is a hash of the text, so another text under the same version is noticed as the store is opened."""
    own.tamper("UPDATE policies SET document = replace(document, 'target_error_rate: 0.0', 'target_error_rate: 0.1')")
    done = own.run("replay", "--all", code=5)
    assert "another policy text is archived as version" in done.stderr


def test_changed_policy_of_the_past_is_refused(own: Place) -> None:
    """Results of an earlier policy are replayed under that one, and its archived text must be what it was."""
    text = (ROOT / "config" / "policy.yaml").read_text().replace('version: "1"', 'version: "2"')
    (own.folder / "policy.yaml").write_text(text)
    env = {"ASCERTAIN_POLICY_FILE": "policy.yaml"}
    (row,) = own.rows("SELECT id FROM assertions ORDER BY id LIMIT 1")
    assert own.json("replay", row[0], env=env)[0]["identical"] is True
    own.tamper("UPDATE policies SET document = document || '# later' WHERE version LIKE '1.%'")
    done = own.run("replay", row[0], env=env, code=8)
    assert "the archived text of policy 1." in done.stderr


def test_chain_is_whole(demo: Demo) -> None:
    records = demo.place.rows("SELECT max(seq) FROM audit_records")[0][0]
    assert demo.place.json("audit", "verify") == {"records": records, "whole": True, "faults": []}


def test_the_store_itself_refuses_changes_of_the_chain(own: Place) -> None:
    for statement in ("UPDATE audit_records SET actor = 'x' WHERE seq = 3", "DELETE FROM audit_records WHERE seq = 3"):
        with pytest.raises(Exception, match="append-only"):
            own.tamper(statement)


def test_changed_header_is_named(own: Place) -> None:
    (row,) = own.rows("SELECT min(seq), header FROM audit_records WHERE action = 'run.concluded'")
    assert '"run":"' in row[1]
    own.tamper(
        *DROP_TRIGGERS,
        f'UPDATE audit_records SET header = replace(header, \'"run":"\', \'"run":"x\') WHERE seq = {row[0]}',
    )
    done = own.json("audit", "verify", code=8)
    assert done["whole"] is False
    assert [f["seq"] for f in done["faults"]] == [row[0]]
    assert "does not match its hash" in done["faults"][0]["problem"]


def test_changed_payload_is_named(own: Place) -> None:
    (row,) = own.rows("SELECT max(seq) FROM audit_records WHERE payload IS NOT NULL")
    own.tamper(*DROP_TRIGGERS, f"UPDATE audit_records SET payload = zeroblob(length(payload)) WHERE seq = {row[0]}")
    done = own.json("audit", "verify", code=8)
    assert [(f["seq"], f["problem"]) for f in done["faults"]] == [(row[0], "payload does not match its digest")]


def test_dropped_record_is_named(own: Place) -> None:
    own.tamper(*DROP_TRIGGERS, "DELETE FROM audit_records WHERE seq = 20")
    done = own.run("audit", "verify", code=8)
    assert "record 21: record 20 is missing or out of order" in done.stdout


def test_truncated_tail_is_named(own: Place) -> None:
    """A chain alone cannot show that its end is missing; the checkpoints outside the database do."""
    last = own.rows("SELECT max(seq) FROM audit_records")[0][0]
    own.tamper(*DROP_TRIGGERS, f"DELETE FROM audit_records WHERE seq > {last - 3}")
    done = own.json("audit", "verify", code=8)
    assert last in [f["seq"] for f in done["faults"]]
    assert all("chain ends before it" in f["problem"] for f in done["faults"])


def _counting_evidence(place: Place) -> str:
    """Evidence with a score on which some assertion with a confidence rests."""
    found = place.rows(
        "SELECT e.id FROM evidence e, assertions a WHERE a.learner_id = e.learner_id AND a.confidence IS NOT NULL"
        " AND e.score > 0.6 AND e.kind = 'assessment' AND instr(a.inputs, '\"' || e.id || '\"') ORDER BY e.id LIMIT 1"
    )
    assert found
    return str(found[0][0])
