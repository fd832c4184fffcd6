"""Write-back: a push of accepted skills, against the bare calls that put the same values."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import httpx

from ascertain.domain.assertion import AssertionState
from ascertain.domain.casefile import Versions
from ascertain.domain.people import Learner
from ascertain.domain.runs import Run, RunState, StoredAssertion
from ascertain.domain.skills import Level
from ascertain.pipeline.write_back import WriteBack
from ascertain.pipeline.write_back_push import push
from ascertain.runtime import App
from benchmarks.ground import CREDENTIALS, docebo, empty_app

FIELD = 5
"""The sandbox's additional user field for skills."""
_AT = datetime(2026, 10, 1, tzinfo=UTC)


def write(url: str, rows: int) -> dict[str, float]:
    """Compare and push one value for each of ``rows`` people, then put the same values bare: seconds of each.

    Raises:
        RuntimeError: a row did not arrive.
    """
    with empty_app() as app:
        accounts = _people(app, url, rows)
        with WriteBack(app.units, [docebo(url, skills_field=FIELD)], app.clock, budget=app.store.budget()) as home:
            with app.units(write=False) as uow:
                learners = [p for p in uow.people.all() if p.id in accounts]
            begun = time.perf_counter()
            preview = home.preview(learners)
            compared = time.perf_counter() - begun
            run = home.begin(preview, "benchmark")
            if run is None:
                raise RuntimeError(f"nothing to write: {preview.problems}")
            begun = time.perf_counter()
            report = push(home, run.id)
            spent = time.perf_counter() - begun
        if report.totals != {"written": rows}:
            raise RuntimeError(f"{rows} rows should be written, but there are {report.totals}: {report.problems}")
    return {"compare": compared, "push": spent, "bare": _bare(url, list(accounts.values()))}


def _people(app: App, url: str, rows: int) -> dict[str, str]:
    """As many learners of the sandbox's, each with a skill that was accepted; account by learner id."""
    with httpx.Client(base_url=url, timeout=60, headers=_token(url)) as client:
        found: list[str] = []
        for page in range(1, -(-rows // 200) + 1):
            data = client.get("/manage/v1/user", params={"page_size": 200, "page": page}).raise_for_status().json()
            found += [item["user_id"] for item in data["data"]["items"]]
    accounts = {f"L{account}": account for account in found[:rows]}
    if len(accounts) < rows:
        raise RuntimeError(f"the sandbox has only {len(accounts)} accounts")
    versions = Versions("benchmark", "benchmark", "benchmark", "benchmark")
    with app.units() as uow:
        uow.people.upsert(Learner(i, f"Person {i}", f"{i.lower()}@example.org", "Operations") for i in accounts)
        uow.people.link_all({f"docebo:user:{account}": i for i, account in accounts.items()})
        for i in accounts:
            uow.runs.put(
                Run(f"r-{i}", i, f"f-{i}", RunState.DONE, _AT.date(), versions, "benchmark", _AT, _AT, f"s-{i}")
            )
        uow.assertions.add(
            StoredAssertion(
                id=f"a-{i}",
                run_id=f"r-{i}",
                learner_id=i,
                skill_id="sql",
                skill_label="SQL",
                level=Level.PRACTITIONER,
                confidence=0.97,
                low=0.6,
                high=0.99,
                amount=3.0,
                state=AssertionState.ACCEPTED,
                reasons=(),
                versions=versions,
                as_of=_AT.date(),
                result="{}",
                inputs="[]",
                created_at=_AT,
            )
            for i in accounts
        )
        uow.commit()
    return accounts


def _bare(url: str, accounts: list[str]) -> float:
    with httpx.Client(base_url=url, timeout=60, headers=_token(url)) as client:
        begun = time.perf_counter()
        for account in accounts:
            body = {"additional_fields": [{"id": FIELD, "value": "SQL:3 | 2026-10-01"}]}
            client.put(f"/manage/v1/user/{account}", json=body).raise_for_status()
        return time.perf_counter() - begun


def _token(url: str) -> dict[str, str]:
    form = {"grant_type": "client_credentials"} | {k: CREDENTIALS[k] for k in ("client_id", "client_secret")}
    token = httpx.post(f"{url}/oauth2/token", data=form).raise_for_status().json()["access_token"]
    return {"Authorization": f"Bearer {token}"}
