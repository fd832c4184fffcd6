"""Learning from outside: allow-listed, marked, refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ascertain.errors import ConfigError
from ascertain.pipeline.external import import_external, why_not
from tests.integration.pipeline.world import World

HOSTS = ["learn.example.org", "*.example.net"]


def _item(ident: str, url: str = "https://learn.example.org/a", **changes: object) -> dict[str, object]:
    standard: dict[str, object] = {"id": ident, "title": "SQL outside", "description": "SQL.", "url": url}
    return standard | {"hours": 3, "level": 2, "cost": 49.999} | changes


def _file(folder: Path, *items: object, hosts: object = HOSTS) -> Path:
    file = folder / "external.yaml"
    file.write_text(yaml.safe_dump({"hosts": hosts, "items": list(items)}))
    return file


def test_only_what_is_listed_and_allowed_is_offered_and_marked(world: World, tmp_path: Path) -> None:
    file = _file(
        tmp_path,
        _item("good"),
        _item("elsewhere", "https://evil.example.com/x"),
        _item("no-hours", hours=0),
        _item("good", "https://a.example.net/"),
        _item("typo", colour="red"),
        _item("below", "https://a.b.example.net/x"),
    )
    report = import_external(world.store.units, file)
    assert (report.new, report.retired) == (2, 0)
    assert [str(r) for r in report.refused] == [
        "external.yaml: item 2 ('elsewhere'), url: evil.example.com is not among the allowed hosts",
        "external.yaml: item 3 ('no-hours'), hours: Input should be greater than 0",
        "external.yaml: item 4 ('good'), id: good stands twice; the first one is kept",
        "external.yaml: item 5 ('typo'), colour: Extra inputs are not permitted",
    ]
    with world.store.units(write=False) as uow:
        found = {c.item.content_id: c.item for c in uow.contents.all() if c.system == "external"}
    assert set(found) == {"external:good", "external:below"}
    assert found["external:good"].external
    assert (found["external:good"].cost, found["external:good"].url) == (50.0, "https://learn.example.org/a")
    again = import_external(world.store.units, file)
    assert (again.new, again.unchanged) == (0, 2)
    gone = import_external(world.store.units, _file(tmp_path, _item("good"), hosts=[]))
    assert gone.retired == 2
    with world.store.units(write=False) as uow:
        assert not [c for c in uow.contents.all() if c.system == "external"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://learn.example.org/a?b=c", ""),
        ("https://x.example.net", ""),
        ("https://example.net", "is not among"),
        ("https://learn.example.org.evil.com/", "is not among"),
        ("https://evil.com/learn.example.org", "is not among"),
        ("http://learn.example.org/", "https"),
        ("javascript:alert(1)", "https"),
        ("https://me:pw@learn.example.org/", "password"),
        ("https://learn.example.org@evil.com/", "password"),
        ("https://learn.example.org:8443/", "port"),
        ("https://127.0.0.1/", "number"),
        ("https://[::1]/", "number"),
        ("https://learn.example.org/\u200bx", "invisible"),
        ("https://learn.ex\u0430mple.org/", "ASCII"),
        ("https://[", "no address"),
        ("", "https"),
    ],
)
def test_an_address_is_refused_for_a_reason(url: str, why: str) -> None:
    found = why_not(url, HOSTS)
    assert (why in found) if why else not found


def test_a_host_that_is_none_is_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"hosts\.0"):
        import_external(world.store.units, _file(tmp_path, hosts=["https://x.org"]))


def test_the_shipped_file_offers_nothing(world: World) -> None:
    assert import_external(world.store.units).new == 0
