"""Signing in at a local provider over real sockets, by link, and what each kind of wrong token gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ascertain.domain.access import Scope
from ascertain.domain.people import Learner
from ascertain.domain.permission import Role
from ascertain.domain.sessions import IDLE, digest_of
from ascertain.errors import ConfigError
from ascertain.pipeline.keys import create_key
from ascertain.pipeline.permit import operator
from ascertain.pipeline.sign_in import make_link
from ascertain.runtime import App, open_app
from ascertain.sandbox.oidc import OidcProvider, Person, Switches
from ascertain.service.auth import COOKIE
from ascertain.service.oidc import OidcClient
from ascertain.service.pages.forms import token_of
from ascertain.service.providers import read_groups
from tests.integration.job_harness import settings_in
from tests.integration.service.harness import Served, serving

ANN = Learner("E1", "Ann Archer", "ann@example.org", "Data")
BOB = Learner("E2", "Bob Baker", "bob@example.org", "Data", manager_id="E1")
GROUPS = 'groups:\n  "people-team": {role: hrbp, populations: [Data]}\n'


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with OidcProvider() as found:
        yield found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, provider: OidcProvider) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("sign-in")
    (folder / "access.yaml").write_text(GROUPS)
    told = {n.removeprefix("ASCERTAIN_").lower(): v for n, v in provider.environment().items()}
    settings = settings_in(folder, queue_url="redis://127.0.0.1:1/0", access_file=folder / "access.yaml", **told)
    made = open_app(settings)
    with made.units() as uow:
        uow.people.upsert([ANN, BOB])
        uow.commit()
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(app: App) -> Iterator[Served]:
    with serving(app) as running:
        yield running


@pytest.fixture
def browser(served: Served, provider: OidcProvider) -> Iterator[httpx.Client]:
    provider.person, provider.switches = Person(), Switches()
    served.api.state.service.api_limit._buckets.clear()
    with served.client(follow_redirects=False) as found:
        yield found


def come_back(browser: httpx.Client, **params: str) -> httpx.Response:
    """Go to the provider and back, as a browser does; the answer of the callback."""
    begun = browser.get("/v1/login", params=params)
    assert begun.status_code == 303
    sent = httpx.get(begun.headers["location"], follow_redirects=False)
    assert sent.status_code == 302, sent.text
    return browser.get(sent.headers["location"])


def test_a_verified_address_is_the_learner_and_the_cookie_is_for_the_server_alone(browser: httpx.Client) -> None:
    assert browser.get("/v1/me").status_code == 401
    answer = come_back(browser, next="/skills")
    assert (answer.status_code, answer.headers["location"]) == (303, "/skills")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{COOKIE}="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    me = browser.get("/v1/me").json()
    assert (me["name"], me["learner"], me["roles"]) == ("ann@example.org", "E1", ["learner", "manager"])


def test_only_a_digest_is_kept_and_signing_out_ends_it_everywhere(browser: httpx.Client, app: App) -> None:
    come_back(browser)
    secret = browser.cookies[COOKIE]
    with app.units(write=False) as uow:
        assert uow.sessions.get(secret) is None
        assert uow.sessions.get(digest_of(secret)) is not None
    assert browser.post("/v1/logout").status_code == 204
    assert httpx.get(f"{browser.base_url}/v1/me", cookies={COOKIE: secret}).status_code == 401


WRONG = [
    f.name
    for f in fields(Switches)
    if f.name not in ("unverified_email", "no_email_in_token", "somebody_else_in_userinfo", "other_issuer_in_discovery")
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_proves_nothing_signs_nobody_in(browser: httpx.Client, provider: OidcProvider, wrong: str) -> None:
    setattr(provider.switches, wrong, True)
    answer = come_back(browser)
    assert answer.status_code == 401, wrong
    assert browser.get("/v1/me").status_code == 401


def test_an_unverified_address_is_nobody_among_the_learners(browser: httpx.Client, provider: OidcProvider) -> None:
    provider.switches.unverified_email = True
    assert come_back(browser).status_code == 303
    me = browser.get("/v1/me").json()
    assert (me["name"], me["learner"], me["roles"], me["may"]) == ("oidc:s-1", None, [], [])


@pytest.mark.parametrize(("subject", "email"), [("E1", ""), ("x", "E1"), ("ann@example.org", "")])
def test_a_subject_or_address_that_is_somebodys_id_is_not_them(
    browser: httpx.Client, provider: OidcProvider, subject: str, email: str
) -> None:
    provider.person = Person(subject, email)
    come_back(browser)
    assert browser.get("/v1/me").json()["learner"] is None


def test_the_address_may_come_from_userinfo_of_the_same_person(browser: httpx.Client, provider: OidcProvider) -> None:
    provider.switches.no_email_in_token = True
    come_back(browser)
    assert browser.get("/v1/me").json()["learner"] == "E1"
    provider.switches.somebody_else_in_userinfo = True
    assert come_back(browser).status_code == 401


def test_a_rotated_key_is_found(browser: httpx.Client, provider: OidcProvider, served: Served) -> None:
    assert come_back(browser).status_code == 303
    provider.rotate()
    served.api.state.service.oidc._keys = (-1e9, served.api.state.service.oidc._keys[1])
    assert come_back(browser).status_code == 303


def test_groups_of_the_provider_give_roles(browser: httpx.Client, provider: OidcProvider) -> None:
    provider.person = Person("s-2", "hr@example.org", ("people-team", "unheard-of"))
    come_back(browser)
    assert browser.get("/v1/me").json()["roles"] == [Role.HRBP.value]


def test_a_callback_that_was_not_begun_in_this_browser_is_refused(browser: httpx.Client, served: Served) -> None:
    begun = browser.get("/v1/login")
    back = httpx.get(begun.headers["location"], follow_redirects=False).headers["location"]
    with served.client() as other:  # an attacker's answer, opened in somebody else's browser
        assert other.get(back).status_code == 400
    query = {k: v[0] for k, v in parse_qs(urlsplit(back).query).items()}
    assert browser.get("/v1/callback", params={**query, "state": "another"}).status_code == 400
    assert browser.get(back).status_code == 400, "a sign-in is used once, also by a wrong answer"


def test_a_code_is_used_once(browser: httpx.Client) -> None:
    begun = browser.get("/v1/login")
    back = httpx.get(begun.headers["location"], follow_redirects=False).headers["location"]
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 400


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil"])
def test_nobody_is_sent_elsewhere_afterwards(browser: httpx.Client, path: str) -> None:
    assert come_back(browser, next=path).headers["location"] == "/"


def test_a_session_left_alone_is_over(browser: httpx.Client, app: App) -> None:
    come_back(browser)
    assert browser.get("/v1/me").status_code == 200
    digest = digest_of(browser.cookies[COOKIE])
    with app.units() as uow:
        uow.sessions.seen(digest, app.clock.now() - IDLE - timedelta(seconds=1))
        uow.commit()
    assert browser.get("/v1/me").status_code == 401


def test_a_link_signs_in_once(browser: httpx.Client, app: App, served: Served) -> None:
    with app.units() as uow:
        secret = make_link(uow, operator("test"), "bob@example.org", clock=app.clock)
        uow.commit()
    for _ in range(2):  # a mail program that looks at the link spends nothing
        landing = browser.get("/sign-in/link", params={"token": secret})
        assert landing.status_code == 200
        assert secret in landing.text
    assert browser.get("/v1/me").status_code == 401
    assert browser.post("/sign-in/link", data={"token": secret}).headers["location"] == "/"
    assert browser.get("/v1/me").json()["learner"] == "E2"
    with served.client() as other:
        for wrong in (secret, "guess", ""):
            assert other.post("/sign-in/link", data={"token": wrong}).headers["location"] == "/sign-in?said=link"
        assert other.get("/v1/me").status_code == 401


def link_for(app: App, name: str) -> str:
    with app.units() as uow:
        secret = make_link(uow, operator("test"), name, clock=app.clock)
        uow.commit()
    return secret


def test_a_link_does_not_work_from_another_site_and_ends_the_session_before_it(
    browser: httpx.Client, app: App, served: Served
) -> None:
    secret = link_for(app, "bob@example.org")
    sent = browser.post("/sign-in/link", data={"token": secret}, headers={"sec-fetch-site": "cross-site"})
    assert sent.status_code == 403
    assert browser.post("/sign-in/link", data={"token": secret}, headers={"origin": "https://evil.test"}).is_error
    come_back(browser)
    before = browser.cookies[COOKIE]
    assert browser.post("/sign-in/link", data={"token": secret}).headers["location"] == "/"
    assert browser.cookies[COOKIE] != before
    assert httpx.get(f"{browser.base_url}/v1/me", cookies={COOKIE: before}).status_code == 401


def test_tries_with_links_are_few(browser: httpx.Client, served: Served) -> None:
    answers = [browser.post("/sign-in/link", data={"token": "guess"}).status_code for _ in range(12)]
    served.api.state.service.link_limit._buckets.clear()
    assert answers.count(429) >= 1
    assert "303" in map(str, answers)


def test_a_form_needs_the_token_of_its_own_session(browser: httpx.Client, app: App) -> None:
    come_back(browser)
    page = browser.get("/welcome")
    assert page.status_code == 200
    token = re.findall(r'name="csrf" value="([0-9a-f]{64})"', page.text)[0]
    assert token != token_of("of another session")
    for wrong in ({"other": "1"}, {"csrf": ""}, {"csrf": token_of("of another session")}, {"csrf": token[:-1]}):
        assert browser.post("/sign-out", data=wrong).status_code == 403, wrong
    assert browser.post("/sign-out", content=b"{}", headers={"content-type": "application/json"}).status_code == 415
    elsewhere = {"sec-fetch-site": "same-site"}
    assert browser.post("/sign-out", data={"csrf": token}, headers=elsewhere).status_code == 403
    assert browser.get("/v1/me").status_code == 200
    assert browser.post("/sign-out", data={"csrf": token}).headers["location"] == "/sign-in?said=out"
    assert browser.get("/v1/me").status_code == 401
    ended = browser.post("/sign-out", data={"csrf": token})
    assert ended.status_code == 401
    assert "sign in" in ended.text.lower()


@pytest.mark.parametrize("path", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:alert(1)"])
def test_the_way_back_never_leads_elsewhere(browser: httpx.Client, path: str) -> None:
    page = browser.get("/sign-in", params={"next": path})
    assert "evil.test" not in page.text
    assert "/v1/login?next=%2F&" in page.text or '/v1/login?next=%2F"' in page.text


def test_a_page_that_is_not_there_is_a_page_and_an_address_of_the_api_is_a_problem(browser: httpx.Client) -> None:
    page = browser.get("/no-such-page")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert browser.get("/v1/no-such").headers["content-type"] == "application/problem+json"


def test_static_files_are_kept_for_a_year_under_their_digest_alone(browser: httpx.Client) -> None:
    page = browser.get("/sign-in").text
    address = re.findall(r'href="(/static/app.css[^"]+)"', page)[0]
    assert browser.get(address).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert browser.get("/static/app.css?v=0").headers["cache-control"] == "no-cache"
    assert browser.get("/sign-in").headers.get_list("cache-control") == ["no-store"]
    for wrong in ("..%2frendering.py", "nothing.css", ".css"):
        assert browser.get(f"/static/{wrong}").status_code == 404


def test_a_key_is_an_integration_with_its_scopes(served: Served, app: App, browser: httpx.Client) -> None:
    key, text = create_key(app.units, app.clock, "the LMS", [Scope.INFER], actor="test")
    with served.client(headers={"authorization": f"Bearer {text}"}) as caller:
        me = caller.get("/v1/me").json()
    assert (me["name"], me["roles"], me["may"]) == (f"key:{key.id}", ["integration"], [])


def test_everything_is_on_record_and_names_nobody(browser: httpx.Client, app: App, provider: OidcProvider) -> None:
    come_back(browser)
    browser.post("/v1/logout")
    provider.switches.forged = True
    come_back(browser)
    with app.units(write=False) as uow:
        records = list(uow.audit.records())
    assert {"session.opened", "session.ended", "session.refused"} <= {r.action for r in records}
    assert not any("ann@" in str(r.header) for r in records)


def test_a_provider_that_names_another_issuer_is_not_believed(provider: OidcProvider) -> None:
    provider.switches = Switches(other_issuer_in_discovery=True)
    client = OidcClient(provider.url, "ascertain", "x", group_claim="groups")
    with pytest.raises(Exception, match="another issuer"):
        client.begin("http://127.0.0.1/v1/callback")
    client.close()


def test_a_provider_without_tls_is_refused_unless_it_is_this_machine() -> None:
    with pytest.raises(ConfigError, match="https"):
        OidcClient("http://id.example.org", "ascertain", "", group_claim="groups")


@pytest.mark.parametrize(
    "text", ["groups: {g: {role: learner}}", "groups: {g: {role: hrbp}}", "groups: {g: {role: chief}}", "gruops: {}"]
)
def test_groups_that_cannot_give_that_are_named(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("groups") / "access.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        read_groups(file)
