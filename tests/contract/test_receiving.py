"""What connectors that receive promise: the right proof is believed, anything else is refused, nothing is raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascertain.connectors.registry import open_connector
from ascertain.domain.webhooks import Heard, RawRequest, Received, Receives
from tests.contract.bench import Bench
from tests.contract.specs import SPECS, Hook, Spec

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
receiving = pytest.mark.parametrize(
    ("spec", "hook"), [(s, s.hook) for s in SPECS.values() if s.hook], ids=[n for n, s in SPECS.items() if s.hook]
)


class Nobody(httpx.BaseTransport):
    """Receiving calls nobody."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"called {request.url}")


class Post:
    """A connection that receives, and the vendor's pen."""

    def __init__(self, spec: Spec, hook: Hook, bench: Bench) -> None:
        self.hook = hook
        self.live = bench.sandbox(spec).company
        self.connector = cast(Receives, bench.connect(spec, transport=Nobody()))
        self.secrets: Mapping[str, str] = {**bench.connection(spec).secrets, **hook.kept}
        self.body = hook.body(self.live)

    def call(self, body: bytes | None = None, *, at: datetime = NOW, wrong: bool = False) -> RawRequest:
        secrets = {k: f"not-{v}" for k, v in self.secrets.items()} if wrong else self.secrets
        return self.hook.call(secrets, at, self.body if body is None else body)

    def receive(self, request: RawRequest, *, now: datetime = NOW) -> Received:
        return self.connector.receive(request, now=now, kept=self.hook.kept)

    def refused(self, request: RawRequest, *statuses: int, now: datetime = NOW) -> None:
        got = self.receive(request, now=now)
        assert got.kind is Heard.REJECTED
        assert got.reply.status in statuses, got.reason
        assert got.events == ()
        assert got.remember == {}
        assert got.reason
        assert not [s for s in self.secrets.values() if s in got.reason + got.reply.body]


@pytest.fixture
def post(spec: Spec, hook: Hook, bench: Bench) -> Post:
    return Post(spec, hook, bench)


@receiving
def test_the_right_proof_is_believed(spec: Spec, hook: Hook, post: Post) -> None:
    got = post.receive(post.call())
    assert got.kind is Heard.EVENTS, got.reason
    assert 200 <= got.reply.status < 300
    assert {str(r) for e in got.events for r in e.refs} == set(hook.refs(post.live))
    assert all(e.refs or e.pull for e in got.events)
    assert all(e.occurred_at is None or e.occurred_at.tzinfo for e in got.events)
    assert all(r.system == spec.system and r.entity in spec.entities for e in got.events for r in e.refs)


@receiving
def test_the_same_event_has_the_same_key_and_no_other_has(spec: Spec, hook: Hook, post: Post) -> None:
    def keys(body: bytes, at: datetime) -> list[str]:
        return [e.key for e in post.receive(post.call(body, at=at), now=at).events]

    first = keys(post.body, NOW)
    assert first
    assert len(set(first)) == len(first)
    assert keys(post.body, NOW) == first
    assert keys(hook.again(post.body), NOW + timedelta(minutes=9)) == first, "delivered again later"
    assert not set(first) & set(keys(hook.other(post.live), NOW))


@receiving
def test_another_proof_or_none_is_refused(spec: Spec, hook: Hook, post: Post) -> None:
    post.refused(post.call(wrong=True), 401, 403)
    post.refused(hook.bare(post.call()), 401, 403)
    if hook.covers_body:
        post.refused(replace(post.call(), body=post.body + b" "), 401, 403)
        post.refused(replace(post.call(), body=bytes([post.body[0] ^ 1]) + post.body[1:]), 401, 403)


class Noting(dict[str, str]):
    """Tells which secrets a call was made with."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        super().__init__(secrets)
        self.used: list[str] = []

    def __getitem__(self, key: str) -> str:
        self.used.append(key)
        return super().__getitem__(key)


@receiving
def test_two_secrets_are_believed_while_they_change_and_no_third(
    spec: Spec, hook: Hook, bench: Bench, post: Post
) -> None:
    """Each secret that a proof is made with, one at a time and all together: old, new, and what was never given."""
    noting = Noting(post.secrets)
    hook.call(noting, NOW, post.body)
    connection = bench.connection(spec)
    proving = [k for k in dict.fromkeys(noting.used) if k in connection.secrets]
    if not proving:
        assert hook.kept, "a proof that no secret makes"
        return  # the secret of a handshake: the next one comes with a webhook of its own, see docs/webhooks.md
    new = {k: post.secrets[k].swapcase() for k in proving}  # of the same form
    assert not any(new[k] == post.secrets[k] for k in proving)
    for changing in [proving, *([k] for k in proving)]:
        secrets = dict(connection.secrets)
        for k in changing:
            secrets |= {k: new[k], f"{k}_before": post.secrets[k]}
        rotating = cast(Receives, open_connector(replace(connection, secrets=secrets), timeout=5, transport=Nobody()))
        done = cast(
            Receives,
            open_connector(
                replace(connection, secrets={k: v for k, v in secrets.items() if not k.endswith("_before")}),
                timeout=5,
                transport=Nobody(),
            ),
        )
        fresh = {**post.secrets, **{k: new[k] for k in changing}}
        wrong = {**post.secrets, **{k: f"{new[k][:-2]}zz" for k in changing}}

        def heard(by: Receives, proof: Mapping[str, str]) -> Received:
            return by.receive(hook.call(proof, NOW, post.body), now=NOW, kept=hook.kept)

        for proof in (post.secrets, fresh):
            got = heard(rotating, proof)
            assert (got.kind, len(got.events)) == (Heard.EVENTS, len(post.receive(post.call()).events)), got.reason
        if len(changing) > 1:  # the system has changed one of them already
            half = {**post.secrets, changing[0]: new[changing[0]]}
            assert heard(rotating, half).kind is Heard.EVENTS
        for by, proof in ((rotating, wrong), (done, post.secrets), (done, wrong)):
            got = heard(by, proof)
            assert (got.kind, got.reply.status) == (Heard.REJECTED, 401)
            assert not [s for s in (*secrets.values(), *proof.values()) if s in got.reason + got.reply.body]
        assert heard(done, fresh).kind is Heard.EVENTS


@receiving
@pytest.mark.parametrize("answer", [True, False])
def test_nothing_but_the_comparison_in_constant_time_decides(
    hook: Hook, post: Post, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    """With a comparison that says yes to everything a wrong proof is believed, with one that says no the right one is
    not: so no other comparison, whose time would tell how much of a guess is right, stands beside it."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return answer

    monkeypatch.setattr("hmac.compare_digest", compare)
    got = post.receive(post.call(wrong=answer))
    assert (got.kind is Heard.EVENTS) is answer, got.reason
    assert compared


@receiving
def test_an_old_proof_is_refused(spec: Spec, hook: Hook, post: Post) -> None:
    late = NOW + (hook.tolerance or timedelta(days=30)) * 2
    if hook.tolerance is None:
        assert post.receive(post.call(), now=late).kind is Heard.EVENTS, "nothing signed says when"
        return
    post.refused(post.call(), 400, 401, 403, now=late)
    post.refused(post.call(at=late), 400, 401, 403)  # from the future


@receiving
def test_what_is_too_large_is_refused(spec: Spec, hook: Hook, post: Post) -> None:
    post.refused(post.call(post.body + b" " * hook.too_large), 413)


@receiving
def test_a_stranger_is_never_an_error(spec: Spec, hook: Hook, post: Post) -> None:
    names = [k for k, _ in post.call().headers]
    header = st.tuples(st.sampled_from(names or ["x"]) | st.text(max_size=20), st.text(max_size=200))
    requests = st.builds(
        RawRequest,
        method=st.sampled_from(("POST", "GET", "PUT", "")),
        url=st.text(max_size=60) | st.just(post.call().url + "?validationToken=%ff&a=%00"),
        headers=st.lists(header, max_size=6).map(tuple),
        body=st.binary(max_size=300),
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests)
    def strange(request: RawRequest) -> None:
        assert post.receive(request).kind is not Heard.EVENTS

    strange()


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@receiving
def test_nonsense_with_the_right_proof_is_never_an_error(spec: Spec, hook: Hook, post: Post) -> None:
    import json

    genuine = post.body
    cut = st.integers(0, len(genuine)).map(lambda n: genuine[:n])
    bodies = st.binary(max_size=200) | cut | JSON.map(lambda v: json.dumps(v).encode())

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies)
    def nonsense(body: bytes) -> None:
        got = post.receive(post.call(body))
        assert 200 <= got.reply.status < 500
        assert all(e.key and (e.refs or e.pull) for e in got.events)

    nonsense()
