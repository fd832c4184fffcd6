"""Docebo: an approved path, and the courses of an onboarding plan, as learning plans of one person.

Each is a plan of its own, with the code ``ascertain-USER`` or ``ascertain-USER-onboarding``; its value here is the ids
of its courses in their order, ``12040 12041``. Facts the code rests on: ``/learn/v1/lp`` with GET, POST, PUT and
DELETE and ``/learn/v1/lp/enroll`` for one user (public description of the API of 2017);
``/learningplan/v1/learningplans?search_text=`` and ``/learningplan/v1/learningplans/enrollments`` (used by public
clients). Not confirmed by any public source: the fields of the bodies that create and update (``code``, ``name``,
``courses``, ``id_plan``), and that an update replaces the courses. So nothing is written without the option
``learning_plans``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.docebo_rows import DoceboOptions
from ascertain.connectors.http import StatusError
from ascertain.domain.connector import Verdict
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.writeback import WriteResult, WriteState
from ascertain.errors import PermanentConnectorError

PLAN = "learning_plan"
ONBOARDING = "onboarding_plan"
"""Ids of the targets."""
_NAMES = {PLAN: "Learning path", ONBOARDING: "First 90 days"}
_CODES = {PLAN: "ascertain-{user}", ONBOARDING: "ascertain-{user}-onboarding"}
PLANS = tuple(_NAMES)


class DoceboPlans(HttpConnector):
    """Reads and writes one plan of each kind a person."""

    _options: DoceboOptions

    def read_plan(self, user: SourceRef, plan: str) -> str | None:
        """The courses of the person's plan, where they are enrolled in it; a plan that nobody was enrolled in counts as
        none, so that a write that was interrupted is finished by the next."""
        found = self._find(user, plan)
        if found is None or not self._enrolled(found, user):
            return None
        data = self._data(self.get(f"/learn/v1/lp/{found}").data)
        courses = data.get("courses")
        if not isinstance(courses, list):
            raise PermanentConnectorError(f"{self.name}: the answer about a learning plan has no list of courses")
        return " ".join(str(c.get("idCourse")) for c in courses if isinstance(c, Mapping)) or None

    def write_plan(self, user: SourceRef, plan: str, value: str | None) -> WriteResult:
        """Make, change or (``None``) delete the person's plan. Found by its code, so a repeat makes no second one."""
        if user.entity is not Entity.USER:
            return WriteResult(WriteState.REJECTED, reason=f"{user} is no account of a user")
        try:
            found = self._find(user, plan)
            if value is None:
                if found is not None:
                    self._done(self.send("DELETE", "/learn/v1/lp", body={"id_plan": int(found)}).data)
                return WriteResult(WriteState.WRITTEN, external_id=found or "")
            courses = [int(c) for c in value.split()]
            if found is None:
                made = {"code": _code(user, plan), "name": _NAMES[plan], "courses": courses}
                # Not sent twice by itself: a repeat looks for the code first.
                answer = self.send("POST", "/learn/v1/lp", body=made, repeatable=False)
                found = str(self._done(answer.data).get("id_plan", ""))
                if not found:
                    raise PermanentConnectorError(f"{self.name}: the answer does not name the new learning plan")
            else:
                self._done(self.send("PUT", "/learn/v1/lp", body={"id_plan": int(found), "courses": courses}).data)
            if not self._enrolled(found, user):
                body = {"id_plan": int(found), "id_user": int(user.id)}
                self._done(self.send("POST", "/learn/v1/lp/enroll", body=body).data)
        except StatusError as e:
            if self.classify(e.failure) is Verdict.NOT_FOUND or e.failure.status in (400, 422):
                return WriteResult(WriteState.REJECTED, reason=e.message)
            raise
        return WriteResult(WriteState.WRITTEN, external_id=found)

    def _find(self, user: SourceRef, plan: str) -> str | None:
        """Id of the plan with the person's code of that kind."""
        code = _code(user, plan)
        answer = self.get("/learningplan/v1/learningplans", {"search_text": code, "page_size": 200})
        rows = self._data(answer.data).get("items", ())
        return next((str(r["id"]) for r in rows if isinstance(r, Mapping) and r.get("code") == code), None)

    def _enrolled(self, plan: str, user: SourceRef) -> bool:
        wanted = {"user_id[]": user.id, "learning_plan_id[]": plan}
        rows = self._data(self.get("/learningplan/v1/learningplans/enrollments", wanted).data).get("items", ())
        return any(str(r.get("user_id")) == user.id for r in rows if isinstance(r, Mapping))

    def _done(self, answer: Any) -> Mapping[str, Any]:
        data = self._data(answer)
        if not data.get("success"):
            raise PermanentConnectorError(f"{self.name}: the answer does not say that it succeeded")
        return data

    def _data(self, answer: Any) -> Mapping[str, Any]:
        data = answer.get("data") if isinstance(answer, Mapping) else None
        if not isinstance(data, Mapping):
            raise PermanentConnectorError(f"{self.name}: the answer about a learning plan has no data object")
        return data


def _code(user: SourceRef, plan: str) -> str:
    return _CODES[plan].format(user=user.id)
