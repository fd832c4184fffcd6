"""Finds the connector of a system and opens the connections of a file.

The shipped connectors are known here by dotted path, so that a bare checkout works; other packages add theirs under
the entry point group ``ascertain.connectors`` (name = system, object = a class with ``open``). A shipped name cannot
be taken over.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import httpx

from ascertain.connectors.connection import Connection, read_entries, resolve
from ascertain.domain.connector import Budget, Connector
from ascertain.errors import ConfigError
from ascertain.variables import variables

GROUP = "ascertain.connectors"
BUILT_IN = {
    "absorb": "ascertain.connectors.absorb:AbsorbConnector",
    "docebo": "ascertain.connectors.docebo:DoceboConnector",
    "cornerstone": "ascertain.connectors.cornerstone:CornerstoneConnector",
    "moodle": "ascertain.connectors.moodle:MoodleConnector",
    "xapi": "ascertain.connectors.xapi:XapiConnector",
    "scorm": "ascertain.connectors.scorm:ScormConnector",
    "workday": "ascertain.connectors.workday:WorkdayConnector",
    "jira": "ascertain.connectors.jira:JiraConnector",
    "talentlms": "ascertain.connectors.talentlms:TalentLmsConnector",
    "asana": "ascertain.connectors.asana:AsanaConnector",
    "slack": "ascertain.connectors.slack:SlackConnector",
    "graph": "ascertain.connectors.graph:GraphConnector",
    "files": "ascertain.connectors.files:FilesConnector",
    "ukg": "ascertain.connectors.ukg:UkgConnector",
    "openbadges": "ascertain.connectors.openbadges:OpenBadgesConnector",
}


class Opens(Protocol):
    """What a registered class must offer."""

    def open(
        self,
        connection: Connection,
        *,
        timeout: float,
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
    ) -> Connector: ...


def systems() -> tuple[str, ...]:
    """Systems that can be connected."""
    return tuple(sorted({*BUILT_IN, *(e.name for e in entry_points(group=GROUP))}))


def connector_class(system: str) -> Opens:
    """The class of a system.

    Raises:
        ConfigError: when there is none, or its package cannot be loaded.
    """
    try:
        if system in BUILT_IN:
            module, _, name = BUILT_IN[system].partition(":")
            found: Opens = getattr(importlib.import_module(module), name)
            return found
        for entry in entry_points(group=GROUP, name=system):
            loaded: Opens = entry.load()
            return loaded
    except (ImportError, AttributeError) as e:
        raise ConfigError(f"the connector for {system} cannot be loaded: {e}") from e
    raise ConfigError(
        f"there is no connector for {system!r}",
        remedy=f"choose among {', '.join(systems())}, or install the package that brings it",
    )


def open_connector(
    connection: Connection,
    *,
    timeout: float = 30.0,
    transport: httpx.BaseTransport | None = None,
    budget: Budget | None = None,
) -> Connector:
    """Open one resolved connection."""
    return connector_class(connection.system).open(connection, timeout=timeout, transport=transport, budget=budget)


def open_connectors(
    path: Path | None = None,
    *,
    names: Collection[str] = (),
    environ: Mapping[str, str] | None = None,
    timeout: float = 30.0,
    budget: Budget | None = None,
) -> list[Connector]:
    """Open the enabled connections of a file, or those of them that ``names`` names.

    Nothing is called yet: ``check()`` tells whether a connection works.

    Raises:
        ConfigError: naming the field, the environment variable or the connection at fault.
    """
    entries = read_entries(path)
    known = [e.name for e in entries]
    if strange := sorted(set(names) - set(known)):
        raise ConfigError(
            f"there is no enabled connection called {strange[0]!r}", remedy=f"choose among {', '.join(known)}"
        )
    values = variables() if environ is None else environ
    chosen = [resolve(e, values) for e in entries if not names or e.name in names]
    return [open_connector(c, timeout=timeout, budget=budget) for c in chosen]
