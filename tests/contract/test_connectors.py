"""What every connector promises, tried on the sandbox over real HTTP: complete, incremental, robust, discreet."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import httpx
import pytest

from ascertain.connectors.registry import BUILT_IN
from ascertain.domain.canonical import plain
from ascertain.domain.connector import Cursor, Incremental
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Receives
from ascertain.domain.writeback import WritesSkills
from ascertain.errors import PermanentConnectorError, RetryableConnectorError
from ascertain.sandbox import dialects
from ascertain.sandbox.faults import Fault
from tests.contract.bench import Bench, Wire, cases, entries, everything, serve, stored
from tests.contract.specs import SPECS, Spec, Token

FILES: frozenset[str] = frozenset({"files", "openbadges", "scorm"})
"""Systems that read or write files instead of calling anybody: the sandbox has nothing for them to call."""

systems = pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))
each = pytest.mark.parametrize(("spec", "entity"), cases(), ids=[f"{s.system}-{e.value}" for s, e in cases()])
with_tokens = pytest.mark.parametrize(
    ("spec", "token"),
    [(s, s.token) for s in SPECS.values() if s.token],
    ids=[n for n, s in SPECS.items() if s.token],
)


def test_every_system_is_under_contract() -> None:
    assert {n for n, s in SPECS.items() if s.connections is None} == set(BUILT_IN) - FILES
    assert set(SPECS) <= set(dialects.names())
    assert set(SPECS) <= set(entries())


@systems
def test_a_connection_says_that_it_works_and_what_it_can(spec: Spec, bench: Bench) -> None:
    connector = bench.connect(spec)
    health = connector.check()
    assert health.ok, health.problem
    assert (connector.name, connector.system) == (spec.system, spec.system)
    assert connector.capabilities().entities == set(spec.entities)
    assert connector.quota().scope
    assert isinstance(connector, Receives) == (spec.hook is not None)
    assert isinstance(connector, WritesSkills) == (spec.pen is not None)


@systems
def test_wrong_credentials_are_reported_not_raised(spec: Spec, bench: Bench) -> None:
    wrong = {v: "wrong" for v in entries()[spec.system].secrets.values()} | dict(spec.wrong)
    connector = bench.connect(spec, environ=wrong)
    health = connector.check()
    assert not health.ok
    assert spec.refused in health.problem
    assert "credentials" in health.remedy
    assert not [w for w in wrong.values() if w in health.problem + health.remedy + health.detail]
    with pytest.raises(PermanentConnectorError):
        list(connector.pull(spec.trouble.entity, None))


@each
def test_paging_is_complete(spec: Spec, entity: Entity, bench: Bench) -> None:
    pages = list(bench.connect(spec).pull(entity, None))
    refs = [r.ref if isinstance(r.ref, str) else str(r.ref) for p in pages for r in (*p.records, *p.rejected)]
    assert len(set(refs)) == spec.entities[entity](bench.sandbox(spec).company)
    assert (len(pages) == 1) == (entity in spec.one_page), "a spec makes pages small, or says that there is one only"
    own = "" if entity is Entity.STATEMENT else f"{entity.value}:"  # a feed of statements brings several kinds
    assert all(r.startswith(f"{spec.system}:{own}") for r in refs)
    stamps = [r.updated_at for p in pages for r in p.records if r.updated_at]
    assert all(s.tzinfo is not None for s in stamps)


@each
def test_a_second_pull_brings_nothing_old(spec: Spec, entity: Entity, bench: Bench) -> None:
    connector = bench.connect(spec)
    before, cursor = everything(connector, entity)
    whole = connector.capabilities().incremental[entity] is Incremental.FULL
    for _ in range(2):
        again, cursor = everything(connector, entity, cursor)
        # What comes whole each time must come exactly as it was; everything else must not come at all.
        assert again in (({}, before) if whole else ({},))


@each
def test_a_pull_resumes_from_any_checkpoint(spec: Spec, entity: Entity, bench: Bench) -> None:
    connector = bench.connect(spec)
    complete, end = everything(connector, entity)
    following, _ = everything(connector, entity, end)
    pages = [(p, stored(p.checkpoint)) for p in connector.pull(entity, None)]
    stops = list(range(len(pages) - 1))
    seen: dict[int, set[str]] = {}
    sofar: set[str] = set()
    for i, (page, _) in enumerate(pages):
        sofar |= {str(r.ref) for r in (*page.records, *page.rejected)}
        seen[i] = set(sofar)
    for i in stops if len(stops) <= 5 else {stops[0], stops[1], stops[len(stops) // 2], stops[-2], stops[-1]}:
        rest, end = everything(bench.connect(spec), entity, pages[i][1])
        assert seen[i] | set(rest) == set(complete), f"after page {i + 1}"
        assert everything(connector, entity, end)[0] == following


TROUBLE = {
    "429": Fault("rate_limit", retry_after="0.2"),
    "429 silent": Fault("rate_limit", retry_after=None),
    "500": Fault("server_error", times=2),
    "half-written": Fault("half_body", times=2),
    "not json": Fault("not_json"),
}


@systems
@pytest.mark.parametrize("trouble", list(TROUBLE))
def test_passing_trouble_loses_nothing(trouble: str, spec: Spec, bench: Bench) -> None:
    connector = bench.connect(spec)
    connector.check()
    plan = bench.sandbox(spec).faults[spec.system]
    before = len(plan.seen)
    made = TROUBLE[trouble]
    plan.inject(replace(made, path=spec.trouble.path, skip=min(1, spec.trouble.good)))
    begun = time.monotonic()
    refs, _ = everything(connector, spec.trouble.entity)
    assert len(refs) == spec.entities[spec.trouble.entity](bench.sandbox(spec).company)
    assert len(plan.seen) - before == made.times
    if trouble == "429":
        assert time.monotonic() - begun >= 0.2


@systems
def test_a_long_wait_is_handed_to_the_runner(spec: Spec, bench: Bench) -> None:
    connector = bench.connect(spec)
    connector.check()
    fault = Fault("rate_limit", path=spec.trouble.path, retry_after="1800")
    bench.sandbox(spec).faults[spec.system].inject(fault)
    begun = time.monotonic()
    with pytest.raises(RetryableConnectorError) as caught:
        everything(connector, spec.trouble.entity)
    assert caught.value.retry_after == 1800
    assert time.monotonic() - begun < 5


@systems
def test_a_failed_pull_goes_on_where_it_stopped(spec: Spec, bench: Bench) -> None:
    connector = bench.connect(spec)
    connector.check()
    fault = Fault("rate_limit", path=spec.trouble.path, skip=spec.trouble.good, retry_after="1800")
    bench.sandbox(spec).faults[spec.system].inject(fault)
    seen: set[str] = set()
    cursor: Cursor | None = None
    with pytest.raises(RetryableConnectorError):  # noqa: PT012 - what came before the failure is what matters
        for page in connector.pull(spec.trouble.entity, None):
            seen |= {str(r.ref) for r in (*page.records, *page.rejected)}
            cursor = stored(page.checkpoint)
    assert bool(seen) == (spec.trouble.good > 0), "a spec lets some pages through, or says that there is one only"
    rest, _ = everything(connector, spec.trouble.entity, cursor)
    total = spec.entities[spec.trouble.entity](bench.sandbox(spec).company)
    assert len(seen | set(rest)) == total
    assert len(rest) < total or not seen


class Expiring(httpx.BaseTransport):
    """Lets every token die after two calls, although it was promised for longer."""

    def __init__(self, token: Token) -> None:
        self._inner = httpx.HTTPTransport()
        self._token = token
        self._uses: dict[str, int] = {}
        self.tokens = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self._token.path):
            self.tokens += 1
            return self._inner.handle_request(request)
        used = self._token.of(request)
        assert used, "a call without a token"
        self._uses[used] = self._uses.get(used, 0) + 1
        return self._inner.handle_request(request) if self._uses[used] <= 2 else self._token.dead(request)

    def close(self) -> None:
        self._inner.close()


@with_tokens
def test_a_token_that_dies_in_mid_crawl_is_renewed(spec: Spec, token: Token, bench: Bench) -> None:
    transport = Expiring(token)
    refs, _ = everything(bench.connect(spec, transport=transport), spec.trouble.entity)
    assert len(refs) == spec.entities[spec.trouble.entity](bench.sandbox(spec).company)
    assert transport.tokens >= 2


@with_tokens
def test_a_token_is_renewed_before_it_runs_out(spec: Spec, token: Token, bench: Bench) -> None:
    with serve(spec, token.short()) as short:
        pull = bench.connect(spec, to=short).pull(spec.trouble.entity, None)
        page = next(pull)
        count = len(page.records) + len(page.rejected)
        time.sleep(1.1)
        count += sum(len(p.records) + len(p.rejected) for p in pull)
        assert count >= spec.entities[spec.trouble.entity](short.company)


@systems
def test_an_increment_has_exactly_what_changed(spec: Spec, bench: Bench) -> None:
    connector = bench.connect(spec)
    how = connector.capabilities().incremental
    before = {e: everything(connector, e) for e in spec.entities}
    expected = spec.changes(bench.sandbox(spec).company)
    assert sum(expected.values()) > 0
    for entity, (known, cursor) in before.items():
        found, _ = everything(connector, entity, cursor)
        changed = {ref for ref, mark in found.items() if known.get(ref) != mark}
        assert len(changed) == expected.get(entity, 0), (entity, changed)
        if how[entity] is not Incremental.FULL:
            assert set(found) == changed, f"{entity.value}: brought what had not changed"


@systems
def test_no_national_id_leaves_a_connector(spec: Spec, bench: Bench) -> None:
    secrets = {p.national_id for p in bench.sandbox(spec).company.current.people}
    assert len(secrets) > 40
    for entity in spec.entities:
        wire = Wire()
        for page in bench.connect(spec, transport=wire).pull(entity, None):
            written = json.dumps(plain([page.records, page.rejected, page.checkpoint]))
            assert not [s for s in secrets if s in written]
            assert "national" not in written.lower()
        carried = any(s.encode() in raw for raw in wire.bytes for s in secrets)
        assert carried == (entity in spec.national), "whether the answers carry it is for the spec to say"


@systems
def test_the_companys_malformed_records_are_named(spec: Spec, bench: Bench) -> None:
    connector = bench.connect(spec)
    for entity in spec.entities:
        rejected = [r for p in connector.pull(entity, None) for r in p.rejected]
        assert {r.field for r in rejected} == spec.malformed.get(entity, frozenset())
        assert all(r.reason and r.ref.startswith(f"{spec.system}:") for r in rejected)


@systems
def test_a_record_malformed_on_its_way_is_named_and_the_rest_is_there(spec: Spec, bench: Bench) -> None:
    spoilt = spec.spoilt
    done: list[object] = []

    def spoil(node: object) -> bool:
        if isinstance(node, dict):
            if spoilt.key in node:
                done.append(node[spoilt.key])
                node[spoilt.key] = spoilt.value
                return True
            return any(spoil(v) for v in node.values())
        return isinstance(node, list) and any(spoil(v) for v in node)

    def change(request: httpx.Request, raw: bytes) -> bytes:
        if done or b'"' + spoilt.key.encode() + b'"' not in raw:
            return raw
        data = json.loads(raw)
        return json.dumps(data).encode() if spoil(data) else raw

    pages = list(bench.connect(spec, transport=Wire(change)).pull(spoilt.entity, None))
    assert done, f"no answer had {spoilt.key}"
    field = spoilt.field or spoilt.key
    usual = spec.malformed.get(spoilt.entity, frozenset())
    assert field not in usual, "spoil what the company has right"
    assert [r.field for p in pages for r in p.rejected if r.field not in usual] == [field]
    refs = {str(r.ref) for p in pages for r in (*p.records, *p.rejected)}
    assert len(refs) == spec.entities[spoilt.entity](bench.sandbox(spec).company)


@each
def test_what_is_fetched_is_what_was_pulled(spec: Spec, entity: Entity, bench: Bench) -> None:
    connector = bench.connect(spec)
    record = next(r for p in connector.pull(entity, None) for r in p.records)
    fetched = connector.fetch(record.ref)
    assert fetched == record if entity in spec.fetchable else fetched in (None, record)
    assert connector.fetch(SourceRef(spec.system, entity, spec.absent.get(entity, "1"))) is None


@systems
def test_probing_names_what_is_not_mapped(spec: Spec, bench: Bench) -> None:
    profile = bench.connect(spec).probe()
    assert any(profile.fields.values())
    for entity, key in spec.unmapped.items():
        assert key in profile.unmapped[entity]
        assert key in profile.fields[entity]
    for entity, (key, caption) in spec.captions.items():
        assert profile.fields[entity][key] == caption
    assert spec.fixed_fields != bool(spec.unmapped or spec.captions)


@systems
def test_what_a_system_has_not_is_refused(spec: Spec, bench: Bench) -> None:
    connector = bench.connect(spec)
    for foreign in set(Entity) - set(spec.entities):
        with pytest.raises(PermanentConnectorError, match=foreign.value):
            list(connector.pull(foreign, None))
