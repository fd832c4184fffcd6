"""The systems that the sandbox can speak, by name; each module says how it is made and how a client gets in.

Other packages add theirs under the entry point group ``ascertain.dialects`` (name = system, object = a ``Dialect``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from fastapi import FastAPI

from ascertain.errors import NotFoundError
from ascertain.sandbox.faults import FaultPlan
from ascertain.sandbox.live import LiveCompany

GROUP = "ascertain.dialects"
DEMONSTRATION = ("docebo", "workday", "jira")
"""What ``ascertain demo`` connects."""


@dataclass(frozen=True)
class Dialect:
    """One system's dialect.

    Attributes:
        create_app: the server of a company, with options.
        options: class of the options; every one has ``faults``.
        environment: the settings under which ``config/connectors-sandbox.yaml`` finds it, from its base address.
    """

    create_app: Callable[[LiveCompany, Any], FastAPI]
    options: Callable[[], Any]
    environment: Callable[[str, Any], dict[str, str]]


_MODULES = {
    "docebo": "ascertain.sandbox.docebo",
    "workday": "ascertain.sandbox.workday",
    "jira": "ascertain.sandbox.jira",
    "absorb": "ascertain.sandbox.absorb",
    "talentlms": "ascertain.sandbox.talentlms",
    "moodle": "ascertain.sandbox.moodle",
    "ukg": "ascertain.sandbox.ukg",
    "asana": "ascertain.sandbox.asana",
    "slack": "ascertain.sandbox.slack",
    "graph": "ascertain.sandbox.graph",
    "xapi": "ascertain.sandbox.lrs",
    "cornerstone": "ascertain.sandbox.cornerstone",
}


def names() -> tuple[str, ...]:
    """All dialects, those of the demonstration first."""
    return (*DEMONSTRATION, *sorted({*_MODULES, *(e.name for e in entry_points(group=GROUP))} - set(DEMONSTRATION)))


def dialect(name: str) -> Dialect:
    """The dialect of a system.

    Raises:
        NotFoundError: when the sandbox does not speak it.
    """
    if name not in _MODULES:
        for entry in entry_points(group=GROUP, name=name):
            loaded: Dialect = entry.load()
            return loaded
        raise NotFoundError(f"the sandbox does not speak {name!r}", remedy=f"choose among {', '.join(names())}")
    found: Dialect = import_module(_MODULES[name]).DIALECT
    return found


def faults_of(options: Any) -> FaultPlan:
    """The trouble maker of a dialect's options."""
    plan: FaultPlan = options.faults
    return plan
