"""Moodle's dialect: one address for everything, parameters as PHP spells them, errors inside HTTP 200, Unix seconds.

The shapes are those of Moodle's own source. This site's own choices: custom profile fields for job, manager and (left
there by mistake) national insurance number; custom course fields for level and length; webinars without completion
criteria; no account for administrators on the list of users; no outgoing webhooks, because core has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from ascertain.sandbox.dialects import Dialect
from ascertain.sandbox.faults import FaultLayer
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.moodle_competency import competencies
from ascertain.sandbox.moodle_functions import Function, people_and_courses
from ascertain.sandbox.moodle_gate import Gate, MoodleError, MoodleOptions, Param, checked, unfolded
from ascertain.sandbox.moodle_progress import progress
from ascertain.sandbox.moodle_shapes import SITE, Row
from ascertain.sandbox.records import Company

__all__ = ["MoodleOptions", "create_app"]

VERSION = "2025041400"
_RESERVED = ("wstoken", "wsfunction", "moodlewsrestformat", "moodlewssettingraw", "moodlewssettingfilter")
_NOISE = (
    "<br />\n<b>Notice</b>: Undefined index: theme in <b>/var/www/moodle/lib/outputlib.php</b> on line <b>812</b>\n"
)


def create_app(company: Company | LiveCompany, options: MoodleOptions | None = None) -> FastAPI:
    """The site of ``company``; what a test changes in a LiveCompany is served at once."""
    chosen = options or MoodleOptions()
    live = company if isinstance(company, LiveCompany) else LiveCompany(company)
    gate = Gate(chosen)
    table = {**people_and_courses(live), **progress(live), **competencies(live)}
    table["core_webservice_get_site_info"] = Function(
        {"serviceshortnames": Param("texts")}, lambda sent: _site_info(chosen, table)
    )
    app = FastAPI(title="Moodle sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(FaultLayer, plan=chosen.faults)

    @app.api_route("/login/token.php", methods=["GET", "POST"])
    async def login(request: Request) -> Response:
        return _json(gate.login(dict(await _sent(request))), chosen)

    @app.api_route("/webservice/rest/server.php", methods=["GET", "POST"])
    async def serve(request: Request) -> Response:
        form = await _sent(request)
        head = {k: v for k, v in form if k in _RESERVED}
        try:
            gate.admit(head.get("wstoken", ""), head.get("wsfunction", ""), list(table))
            if head.get("moodlewsrestformat") != "json":
                # Without it Moodle answers XML; nobody here reads that.
                return Response('<?xml version="1.0" encoding="UTF-8" ?>\n<RESPONSE/>\n', media_type="application/xml")
            function = table[head["wsfunction"]]
            given = unfolded([(k, v) for k, v in form if k not in _RESERVED])
            answer = await run_in_threadpool(function.answer, checked(given, function.params))
        except MoodleError as error:
            return _json(error.body, chosen)
        return _json(answer, chosen)

    return app


async def _sent(request: Request) -> list[tuple[str, str]]:
    """Parameters of the address and of a form, in their order."""
    found = list(request.query_params.multi_items())
    if request.method == "POST":
        found += [(k, v) for k, v in (await request.form()).multi_items() if isinstance(v, str)]
    return found


def _json(answer: Any, options: MoodleOptions) -> Response:
    text = json.dumps(answer, ensure_ascii=False)
    return Response((_NOISE if options.debug else "") + text, media_type="application/json; charset=utf-8")


def _site_info(options: MoodleOptions, table: Mapping[str, Function]) -> Row:
    return {
        "sitename": "Fjordlane Academy",
        "username": options.username,
        "firstname": "Ascertain",
        "lastname": "Integration",
        "fullname": "Ascertain Integration",
        "lang": "en",
        "userid": 2,
        "siteurl": SITE,
        "userpictureurl": f"{SITE}/theme/image.php/boost/core/1/u/f1",
        "functions": [{"name": n, "version": VERSION} for n in sorted(table) if n not in options.absent],
        "downloadfiles": 0,
        "uploadfiles": 0,
        "release": "5.0 (Build: 20250414)",
        "version": VERSION,
        "mobilecssurl": "",
        "usercanmanageownfiles": True,
        "userquota": 0,
        "usermaxuploadfilesize": -1,
        "userhomepage": 1,
        "siteid": 1,
    }


def _environment(url: str, options: MoodleOptions) -> dict[str, str]:
    return {
        "ASCERTAIN_MOODLE_URL": url,
        "ASCERTAIN_MOODLE_TOKEN": options.token,
        "ASCERTAIN_MOODLE_USER": options.username,
        "ASCERTAIN_MOODLE_PASSWORD": options.password,
    }


DIALECT = Dialect(create_app, MoodleOptions, _environment)
