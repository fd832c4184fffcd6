"""Everybody who could call, everything they could call, and what the table of permissions says of each: for tests that
go through the routes of the application itself."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from ascertain.domain.access import Scope
from ascertain.domain.consent import Purpose
from ascertain.domain.mentoring import Mentorship, Offer, PairState
from ascertain.domain.onboarding import Given, Milestone, MilestoneKind, OnboardingPlan, Owner, PlanState
from ascertain.domain.people import Learner
from ascertain.domain.permission import ABOUT_A_PERSON, EVERYBODY, Action, Grant, Principal, Role, RoleGrant
from ascertain.domain.rights_requests import RequestKind
from ascertain.pipeline import rights_requests
from ascertain.pipeline.keys import create_key
from ascertain.pipeline.matches import refresh
from ascertain.pipeline.openings import import_openings
from ascertain.pipeline.permit import may, operator, principal_of_key
from ascertain.pipeline.sign_in import live_session, principal_of_session
from ascertain.pipeline.succession import nominate
from ascertain.pipeline.succession_roles import import_key_roles
from ascertain.service.app import create_app, routes_of
from ascertain.service.auth import COOKIE
from ascertain.service.pages.forms import token_of
from tests.integration.pipeline.world import ANN as ANN_HERSELF
from tests.integration.service.api_world import ApiWorld, served_world
from tests.integration.service.pages_world import ORIGIN
from tests.integration.service.test_routes import KNOWN, PROVED, PUBLIC, SIGN_IN, asks, page_of, scope_of

ANN = "E1"
TALENT = Path(__file__).parent / "talent.yaml"
SKILLS_OF = {"assertion": "sql", "item": "kubernetes", "dispute": "kubernetes"}
"""The skill that each of Ann's things is about."""
ABOUT_ANN = {"learner", "assertion", "item", "dispute", "assignment", "run", "request", "ident", "plan", "mentorship"}
"""Parameters of a path that stand for something of a person's; the others name what is nobody's."""
IN_BODY = {
    "GET /disputes/new": "assertion",
    "POST /disputes": "assertion",
    "POST /runs": "learner",
    "POST /onboarding": "learner",
    "POST /succession/{key_role}/nominations": "learner",
}
"""Pages whose query or form names a thing of Ann's, by its parameter; what the API's bodies name is seen from them."""
NO_PERSON = {"POST /review/many"}
"""Writes about several people, of whom each caller finds only theirs (see test_pages_review)."""
OR = {"POST /v1/learners/{learner}/consents": Action.CONSENT_RECORD}
"""Routes that serve two actions: the person's own, and that of whoever writes down what they said."""
OTHERS = {
    "audit": "1",
    "content": "sql-101",
    "form": "html",
    "pilot": "nowhere",
    "milestone": "m01",
    "role": "analyst",
    "opening": "R-1",
    "key_role": "K-1",
    "seq": "1",
    "skill": "sql",
    "tag": "sql",
    "topic": "reviews",
}
"""Values of parameters that name nobody's things."""
NOBODYS = {
    "learner": "E999",
    "assertion": "a000000000000000",
    "item": "i00000000000000",
    "dispute": "d00000000000000",
    "assignment": "l00000000000000",
    "run": "q000000000000000",
    "request": "p00000000000000",
    "ident": "p00000000000000",
    "plan": "o00000000000000",
    "mentorship": "m00000000000000",
}
"""Ids of nothing."""


@dataclass(frozen=True)
class Call:
    """A route with one of its methods, and the actions that it declares."""

    method: str
    path: str
    actions: tuple[Action, ...]
    page: bool
    body_about: str | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\{(\w+)", self.path))

    @property
    def about(self) -> str | None:
        """The parameter that names something of Ann's."""
        named = next((p for p in self.parameters if p in ABOUT_ANN), None)
        return named or IN_BODY.get(self.name) or self.body_about

    @property
    def lists(self) -> bool:
        """Whether it is about several people, of whom each caller sees theirs."""
        return self.reads and self.about is None and not self.own and bool(set(self.actions) & ABOUT_A_PERSON)

    @property
    def own(self) -> bool:
        """Whether it is about the caller."""
        return self.path == "/me" or self.path.startswith("/me/")

    @property
    def reads(self) -> bool:
        return self.method in ("GET", "HEAD")

    def at(self, ids: Mapping[str, str]) -> str:
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: ids.get(m.group(1), "none"), self.path)


@dataclass
class Caller:
    """Somebody, their way in, and who they are to the table."""

    name: str
    client: TestClient
    who: Principal
    secret: str = ""
    headers: dict[str, str] = field(default_factory=dict)


PEOPLE: dict[str, tuple[str, tuple[Grant, ...]]] = {
    "nobody in particular": ("nobody@example.org", ()),
    "Ann herself": ("ann@example.org", ()),
    "a colleague": ("bob@example.org", ()),
    "their manager": ("chi@example.org", ()),
    "a manager of others": ("dee@example.org", ()),
    "learning and development here": ("ld@example.org", (Grant(Role.L_AND_D, frozenset({"Data"})),)),
    "learning and development elsewhere": ("ld2@example.org", (Grant(Role.L_AND_D, frozenset({"Sales"})),)),
    "the people partner here": ("hr@example.org", (Grant(Role.HRBP, frozenset({"Data"})),)),
    "the people partner of others": ("hr2@example.org", (Grant(Role.HRBP, frozenset({"Sales"})),)),
    "the owner of their skill": ("own@example.org", (Grant(Role.SKILL_OWNER, skills=frozenset({"sql"})),)),
    "the owner of another skill": ("own2@example.org", (Grant(Role.SKILL_OWNER, skills=frozenset({"python"})),)),
    "an auditor": ("audit@example.org", (Grant(Role.AUDITOR),)),
    "an auditor of fairness": ("fair@example.org", (Grant(Role.FAIRNESS_AUDITOR),)),
    "an administrator": ("admin@example.org", (Grant(Role.ADMIN),)),
    "Ann with every role": (
        "ann@example.org",
        (
            *(Grant(r, frozenset({EVERYBODY})) for r in (Role.L_AND_D, Role.HRBP)),
            *(Grant(r) for r in (Role.ADMIN, Role.AUDITOR, Role.FAIRNESS_AUDITOR)),
        ),
    ),
}
"""By what they are to Ann: their address, and what is granted to them."""
KEY = "a key with every scope"


class Matrix:
    """The company, its callers, its routes."""

    def __init__(self, world: ApiWorld) -> None:
        self.world, self.app = world, world.app
        self.api = create_app(self.app, [])
        world.ids |= request_of_ann(self.app) | plan_of_ann(self.app) | mentor_of_ann(self.app)
        world.ids |= {k: v for k, v in OTHERS.items() if k not in world.ids}
        self.calls = [self._with_body(c) for c in calls(self.api)]
        self.people = self._everybody()
        self.file = self.app.settings.home_dir / "ascertain.sqlite"
        self.callers = [*self._signed_in(), self._with_key()]
        self.at = world.world.clock.at
        self._hidden: dict[str, list[Learner]] = {}
        self.known = self.kept()
        self.copy = self._copy()
        self.checkpoints = self.app.settings.home_dir / "audit" / "checkpoints.jsonl"
        self.kept_outside = self.checkpoints.read_bytes() if self.checkpoints.exists() else b""

    def _with_body(self, call: Call) -> Call:
        if call.reads or call.page:
            return call
        named = set(body_of(self.api, call, self.world.ids)) & ABOUT_ANN
        return replace(call, body_about=min(named, default=None))

    def _everybody(self) -> list[Learner]:
        with self.app.units(write=False) as uow:
            return uow.people.all(active_only=False)

    def _signed_in(self) -> Iterator[Caller]:
        for name, (email, grants) in PEOPLE.items():
            with self.app.units() as uow:
                uow.grants.train(email, self.app.clock.today())
                if "every role" not in name:
                    for n, grant in enumerate(grants):
                        uow.grants.add(RoleGrant(f"g{email}{n}", email, grant, "test", self.app.clock.now()))
                uow.commit()
            roles = {g.role: tuple(g.populations) for g in grants} if "every role" in name else {}
            secret = self.world.session(email, roles, subject=name)
            with self.app.units(write=False) as uow:
                session = live_session(uow, secret, self.app.clock.now())
                assert session is not None
                who = principal_of_session(uow, session, today=self.app.clock.today(), sees_tree=False)
            client = self._client()
            client.cookies.set(COOKIE, secret)
            yield Caller(name, client, who, secret)

    def _with_key(self) -> Caller:
        key, secret = create_key(self.app.units, self.app.clock, "all", list(Scope), actor="test")
        who = principal_of_key(key, today=self.app.clock.today())
        return Caller(KEY, self._client(), who, headers={"authorization": f"Bearer {secret}"})

    def _client(self) -> TestClient:
        return TestClient(self.api, base_url="http://localhost", follow_redirects=False)

    # -- what the table says ------------------------------------------------------------------------------------------

    def allowed(self, caller: Caller, call: Call) -> bool:
        """Whether each declared action is allowed: about Ann or her thing where the request names it, about the caller
        where it is their own, else about anybody at all."""
        with self.app.units(write=False) as uow:
            declared = all(self._allowed(uow, caller.who, call, a) for a in call.actions)
            return declared or (call.name in OR and self._allowed(uow, caller.who, call, OR[call.name]))

    def sees_ann_in(self, caller: Caller, call: Call) -> bool:
        """Of a list: whether Ann is among those whom it shows to the caller."""
        with self.app.units(write=False) as uow:
            ann = self._person(ANN)
            return all(
                any(may(uow, caller.who, a, ann, s) for s in (None, *SKILLS_OF.values()))
                if a in ABOUT_A_PERSON
                else may(uow, caller.who, a)
                for a in call.actions
            )

    def _allowed(self, uow: Any, who: Principal, call: Call, action: Action) -> bool:
        if action not in ABOUT_A_PERSON:
            return may(uow, who, action) and (call.reads or self._tags(who, action))
        if call.about is not None:
            return may(uow, who, action, self._person(ANN), SKILLS_OF.get(call.about))
        if call.own:
            return who.learner_id is not None and may(uow, who, action, self._person(who.learner_id))
        return any(may(uow, who, action, p, s) for p in self.people for s in self._skills(who))

    def _tags(self, who: Principal, action: Action) -> bool:
        """A skill's owner speaks for their own skills alone."""
        if action not in (Action.CONTENT_TAG, Action.TAXONOMY_APPROVE):
            return True
        return any(g.role is not Role.SKILL_OWNER or OTHERS["skill"] in g.skills for g in who.grants)

    def _skills(self, who: Principal) -> list[str | None]:
        return [None, *sorted({s for g in who.grants for s in g.skills})]

    def _person(self, ident: str) -> Learner:
        return next(p for p in self.people if p.id == ident)

    def hidden_from(self, caller: Caller) -> list[Learner]:
        """People about whom the caller may do nothing at all, and who are nothing to them."""
        if caller.name not in self._hidden:
            self._hidden[caller.name] = self._found_hidden(caller)
        return self._hidden[caller.name]

    def _found_hidden(self, caller: Caller) -> list[Learner]:
        own = next((p for p in self.people if p.id == caller.who.learner_id), None)
        close = {own.id, own.manager_id} if own else set()
        with self.app.units(write=False) as uow:
            if own:  # whoever asked somebody to be their mentor told them so
                close |= {i for m in uow.mentoring.of(own.id) for i in (m.learner_id, m.mentor_id)}
            return [
                p
                for p in self.people
                if p.id not in close
                and not any(may(uow, caller.who, a, p, s) for a in ABOUT_A_PERSON for s in self._skills(caller.who))
            ]

    # -- calling ------------------------------------------------------------------------------------------------------

    def send(self, caller: Caller, call: Call, ids: Mapping[str, str]) -> Any:
        """The call with a good request, at the hour at which everything began and with an allowance of its own."""
        body = body_of(self.api, call, ids)
        self.world.world.clock.at = self.at
        state = self.api.state.service
        for limit in (state.api_limit, state.caller_limit):
            limit._buckets.clear()
        given: dict[str, Any] = {"headers": dict(caller.headers)}
        if call.page and not call.reads:
            given["data"] = {"csrf": token_of(caller.secret), **body}
            given["headers"] |= ORIGIN
        elif not call.reads:
            given["json"] = body
        elif body:
            given["params"] = body
        return caller.client.request(call.method, call.at(ids), **given)

    def kept(self) -> str:
        """A digest of everything that is stored, but for the trail, sessions, keys' last use and who looked."""
        found = hashlib.sha256()
        with closing(sqlite3.connect(self.file)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            for (name,) in names:
                if name in TRAILS:
                    continue
                for row in connection.execute(f'SELECT * FROM "{name}"'):
                    found.update(repr(row).encode())
        return found.hexdigest()

    def _copy(self) -> sqlite3.Connection:
        copy = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self.file)) as connection:
            connection.backup(copy)
        return copy

    def restore(self) -> None:
        """Put back what was there at the beginning."""
        with closing(sqlite3.connect(self.file, timeout=30)) as connection:
            self.copy.backup(connection)
        self.checkpoints.write_bytes(self.kept_outside)


VALUES: dict[str, Any] = {
    "learner": ANN,
    "learner_id": ANN,
    "reason": "Looked at again.",
    "evidence": ["The plan was mine."],
    "given": False,
    "sources": ["reviews"],
    "skill": "sql",
    "level": 3,
    "own_level": 3,
    "kind": "synonym",
    "names": ["Another name"],
    "about": "sql",
    "want": "use",
    "changes": [{"op": "edit", "milestone": "m01", "title": "Another title"}],
    "state": "done",
    "milestone": "m01",
    "mentor": "E2",
}
"""What fields of a body are given, by name; the others follow from their type."""
NEVER = {"cohort", "force", "on", "level"}
"""Fields that are left out where they are not required: they exclude others."""
FORM = {
    "once": "0123456789abcdef0123456789abcdef",
    "list": "0" * 64,
    "source": "reviews",
    "reason": "Looked at again.",
    "evidence": "The plan was mine.",
    "outcome": "uphold",
    "decision": "accept",
    "level": "3",
    "own_level": "3",
    "judgement": "3",
    "answer": "no",
    "mails": "on",
    "vote": "accept",
    "state": "done",
    "words": "How is it done?",
    "op": "edit",
    "title": "Another title",
    "skill": "sql",
    "content": "sql-101",
    "tag": "sql",
    "kind": "synonym",
    "names": "Another name",
    "about": "sql",
    "want": "use",
    "learner": ANN,
    "role": "K-1",
    "on": "no",
    "agree": "no",
}
"""Fields of all forms together; a page reads those that it knows."""
QUERIES = {"/v1/people": ("skill",), "/disputes/new": ("assertion",)}
"""Query parameters without which a route does not go."""


def body_of(api: Any, call: Call, ids: Mapping[str, str]) -> dict[str, Any]:
    """A good request, made of the description of the route: nobody may be refused for its form."""
    if call.reads:
        return {name: ids[name] for name in QUERIES.get(call.path, ())}
    if call.page:
        return {**FORM, **ids}
    told = api.openapi()["paths"].get(call.path.replace(":path", ""), {}).get(call.method.lower(), {})
    schema = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return {}
    fields: dict[str, Any] = {}
    for name, what in schema.get("properties", {}).items():
        if name in schema.get("required", ()) or (name in {**VALUES, **ids} and name not in NEVER):
            fields[name] = _value(name, what, schema.get("$defs", {}), ids)
    return fields


def _value(name: str, what: Mapping[str, Any], defs: Mapping[str, Any], ids: Mapping[str, str]) -> Any:
    if name in ids:
        return ids[name]
    what = defs[what["$ref"].rpartition("/")[2]] if "$ref" in what else what
    if "enum" in what:
        return VALUES[name] if VALUES.get(name) in what["enum"] else what["enum"][0]
    if name in VALUES:
        return VALUES[name]
    made = {"integer": what.get("minimum", 1), "boolean": False, "array": [], "object": {}, "number": 0.5}
    return made.get(what.get("type", "string"), "something")


def request_of_ann(app: Any) -> dict[str, str]:
    """What she asks for about her data; pages and the API call its id differently."""
    with app.units() as uow:
        ann, kind = uow.people.get(ANN), RequestKind.RESTRICTION
        made = rights_requests.ask(uow, ann, kind, field="", value="", words="Wait.", actor="ann", clock=app.clock)
        uow.commit()
    return {"request": made.id, "ident": made.id}


def beside_an_opening(world: ApiWorld) -> None:
    """Ann wants to be found, and stands on the list of an opening."""
    app = world.app
    world.world.says(ANN_HERSELF, True, Purpose.MOBILITY)
    asked = [{"skill": "sql", "level": 2}]
    raw = {"source": "ats", "openings": [{"id": "R-1", "kind": "role", "title": "Lead", "requirements": asked}]}
    with app.units() as uow:
        import_openings(uow, app.bundle.taxonomy, raw, actor=operator("test"), clock=app.clock)
        refresh(uow, app.talent, app.policy.belief, app.clock)
        uow.commit()
    with app.units(write=False) as uow:
        found = uow.matches.get("R-1")
        assert found is not None
        assert [p.match.learner_id for p in found.rows] == [ANN]


def on_a_bench(world: ApiWorld) -> None:
    """Ann is nominated for a key role."""
    app = world.app
    raw = {"source": "board", "roles": [{"id": "K-1", "title": "Head", "job_profile": "data-analyst"}]}
    with app.units() as uow:
        import_key_roles(uow, raw, actor=operator("test"))
        role, ann, by = uow.successions.role("K-1"), uow.people.get(ANN), operator("test")
        assert role is not None
        assert ann is not None
        nominate(uow, role, ann, reason="soon", actor=by, clock=app.clock, ground=app.readiness)
        uow.commit()


def plan_of_ann(app: Any) -> dict[str, str]:
    """An approved plan of her first 90 days, with one milestone."""
    at = app.clock.now()
    row = Milestone("m01", MilestoneKind.TASK, "See the archive", at.date(), Owner.NEW_HIRE, "seen")
    with app.units() as uow:
        ident = "o0123456789abcde"
        made = OnboardingPlan(ident, ANN, "analyst", at.date(), Given(), "test", at, PlanState.APPROVED, 1, 8.0, (row,))
        uow.onboardings.add(made)
        uow.commit()
    return {"plan": ident}


def mentor_of_ann(app: Any) -> dict[str, str]:
    """She offers to help, and has a request to answer."""
    at = app.clock.now()
    with app.units() as uow:
        uow.mentoring.put_offer(Offer(ANN, 3, offered_at=at))
        uow.mentoring.put(Mentorship("m0123456789abcd", "E5", ANN, "sql", PairState.ASKED, at))
        uow.commit()
    return {"mentorship": "m0123456789abcd"}


TRAILS = {"audit_records", "audit_heads", "sessions", "api_keys", "api_requests", "accesses"}


OWN_SESSION = {"/sign-out"}
"""Ends the caller's own session, and touches nobody else (see test_sign_in)."""


def calls(api: Any) -> Iterator[Call]:
    """Every method of every route that asks who calls."""
    for route in routes_of(api):
        if not isinstance(route, APIRoute) or route.path in PUBLIC | PROVED | SIGN_IN | KNOWN | OWN_SESSION:
            continue
        declared, page = asks(route.dependant), page_of(route.dependant)
        if declared is None and page is None:
            scope = scope_of(route.dependant)
            assert scope is not None, f"{route.path}: declares no action (Asks, Reads, Sends) and stands in no list"
            continue  # of programs: see test_routes
        actions = page.actions if page else (declared.action,) if declared and declared.action else ()
        for method in sorted(route.methods or ()):
            yield Call(method, route.path, tuple(actions), page is not None)


@contextmanager
def matrix(folder: Path) -> Iterator[Matrix]:
    with served_world(folder, talent_file=TALENT) as world:
        beside_an_opening(world)
        on_a_bench(world)
        yield Matrix(world)
