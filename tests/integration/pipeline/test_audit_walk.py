"""One walk from evidence to a decision that somebody reads: each step is in the chain with what it must say."""

from __future__ import annotations

from ascertain.domain.audit import verify
from ascertain.pipeline.access import note_access
from ascertain.pipeline.configuration import note_changes
from tests.integration.pipeline.world import POLICY, World


def test_each_step_is_recorded_with_what_it_must_say(world: World) -> None:
    run = world.assess().run
    note_access(world.store.units, "eve", "profile", ["E1"])
    with world.store.units() as uow:
        note_changes(uow, {"policy": "1"})
        note_changes(uow, {"policy": "2"})
        uow.commit()
    with world.store.units(write=False) as uow:
        records = list(uow.audit.records())
        by_action = {r.action: r for r in records}
        started, concluded, answered = (by_action[a] for a in ("run.started", "run.concluded", "agent.answered"))
        evidence = uow.audit.open_payload(started.seq)
        assert evidence == {"evidence": sorted(e.id for e in world.case().evidence)}
        assert started.header["versions"]["policy"] == POLICY.version
        assert set(started.header["versions"]) >= {"policy", "taxonomy", "brain", "prompts"}
        assert answered.header["model"] == "script-1"
        assert {"prompt", "output", "tools", "calls", "tokens"} <= set(answered.header)
        assert uow.audit.open_payload(answered.seq)["output"]
        assert {"run", "versions", "states", "drops", "results"} <= set(concluded.header)
        assert by_action["people.read"].header["people"] == 1
        assert by_action["configuration.changed"].header["changed"] == {"policy": ["1", "2"]}
        assert {r.header.get("run") for r in (started, answered, concluded)} == {run.id}
        assert verify(records, (), uow.audit.ciphertexts()) == ()
