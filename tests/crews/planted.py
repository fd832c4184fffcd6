"""Identities to plant: people with difficult names, the forms they are written in, and how to find what leaked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ascertain.domain.people import Learner

PEOPLE = (
    Learner("E70011", "Jane van Doeveren", "jane.doeveren@corp.example"),
    Learner("E70012", "Zoë O'Neill-Smythe", "zoe.oneill@corp.example"),
    Learner("E70013", "Tomasz Nowaczyk", "tnowaczyk@corp.example"),
    Learner("E70014", "Jürgen Müßig", "j.muessig@corp.example"),
    Learner("E70015", "María José García Márquez", "mjgarcia@corp.example"),
    Learner("E70016", "Søren Ångström", "soren.a@corp.example"),
    Learner("E70017", "Ivan Petrovich", "ipetrovich@corp.example"),
    Learner("E70018", "Nguyễn Thị Hạnh", "hanh.nguyen@corp.example"),
    Learner("E70019", "Łukasz Dąbrowski", "ldabrowski@corp.example"),
    Learner("E70020", "Fatima al-Zahrani", "fzahrani@corp.example"),
    Learner("E70021", "Ruby Willoughby", "ruby.willoughby@corp.example"),
    Learner("E70022", "D'Angelo McAllister", "dmcallister@corp.example"),
)

ACCOUNTS = {
    "lms": "u-48213",
    "moodle": "90412",
    "docebo": "13377331",
    "talentlms": "tlm20451",
    "absorb": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "cornerstone": "CSOD-88120",
    "workday": "3aa5550b7fe348b98d7b5741afc65534",
    "ukg": "UKG0041173",
    "jira": "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077",
    "asana": "1200458813371337",
    "slack": "U02ABCDEF7",
    "graph": "48d31887-5fad-4d73-a9f5-3c356e68a038",
    "xapi": "jdoeveren77",
    "hris": "worker_5521",
}
"""An account's id in each system."""

PHONES = (
    "+1 (415) 555-0132",
    "(415) 555-0199",
    "+44 20 7946 0958",
    "020 7946 0123",
    "+49 170 1234567",
    "0170/7654321",
    "+33 1 23 45 67 89",
    "01.23.45.67.80",
    "+48 601 234 567",
    "+34 912 345 678",
    "+39 06 6982 1234",
    "+47 22 12 34 56",
    "phone: 22 12 34 57",
    "+91 98765 43210",
    "+81 3-1234-5678",
    "+55 11 91234-5678",
)
_CYRILLIC = str.maketrans("aceopxyTHKMABEOPC", "асеорхуТНКМАВЕОРС")


@dataclass(frozen=True)
class Plant:
    """A text that names somebody, and what must be nowhere afterwards (as letters and digits alone)."""

    kind: str
    text: str
    secrets: tuple[str, ...]


@lru_cache(maxsize=8)  # every plant is looked for in the same few long texts
def bare(text: str) -> str:
    """Letters and digits alone, without accents, case or what looks alike: written apart from the product's own."""
    looks = str.maketrans("асеорхуткнмвłøđı", "aceopxytkhmblodi")
    flat = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return re.sub(r"[\W_]+", "", flat.translate(looks))


def _name_forms(p: Learner) -> Iterator[tuple[str, str]]:
    words = p.name.split()
    first, last = words[0], words[-1]
    yield "full", p.name
    yield "possessive", f"{p.name}'s"
    yield "upper", p.name.upper()
    yield "lower", p.name.lower()
    yield "last, first", f"{last}, {first}"
    yield "last, all before", f"{last}, {' '.join(words[:-1])}"
    yield "first last", f"{first} {last}"
    yield "initial last", f"{first[0]}. {last}"
    yield "initial last, no dot", f"{first[0]} {last}"
    yield "last initial", f"{last} {first[0]}."
    yield "last alone", last
    yield "last possessive", f"{last}’s"
    yield "last lower", last.lower()
    yield "no accents", "".join(c for c in unicodedata.normalize("NFKD", p.name) if not unicodedata.combining(c))
    yield "decomposed", unicodedata.normalize("NFD", p.name)
    yield "zero width", "\u200b".join(p.name)
    yield "soft hyphens", "\u00ad".join(last)
    yield "bidi", f"\u202e{first}\u202c \u2066{last}\u2069"
    yield "tags", "".join(c + "\U000e0041" for c in p.name)
    yield "combining", "".join(c + "\u0323" if c.isalpha() else c for c in p.name)
    yield "joiner", "\u034f".join(p.name)
    yield "variation", "\ufe0f".join(last)
    yield "full width", "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in p.name)
    yield "homoglyphs", p.name.translate(_CYRILLIC)
    yield "entities", "".join(f"&#{ord(c)};" for c in p.name)
    yield "hex entities", " ".join("".join(f"&#x{ord(c):x};" for c in w) for w in words)
    yield "double entities", "".join(f"&amp;#{ord(c)};" for c in last)
    yield "markup", f"<b>{first[:2]}</b>{first[2:]} <i>{last[:3]}</i>{last[3:]}"
    yield "file name", f"CV_{last}_{first}_2025.pdf"
    yield "camel case", f"{first}{last}.docx"
    yield "url", f"https://wiki.corp.example/people/{first.lower()}-{last.lower()}/cv?user={last.lower()}"
    yield "ticket key", f"{last.upper()}-1042"
    yield "mention", f"@{first.lower()}.{last.lower()}"
    yield "code block", f"```python\nAUTHOR = '{p.name}'  # by {last}\n```"
    yield "line break", f"{first}\n{last}"
    yield "no-break space", p.name.replace(" ", "\u00a0")
    yield "quoted", f'"{first}" "{last}"'
    yield "in a course title", f"Negotiation with {p.name}, level 2"
    yield "underscored", f"__{first}__{last}__"


def plants() -> list[Plant]:
    """Everything that is planted, once each."""
    found: list[Plant] = []
    for p in PEOPLE:
        last = bare(p.name.split()[-1])
        found += [Plant(form, text, (last,)) for form, text in _name_forms(p)]
        local, host = p.email.split("@")
        user = bare(local)
        for form, text in {
            "address": p.email,
            "address, upper": p.email.upper(),
            "address, obfuscated": f"{local} (at) {host}",
            "address, brackets": f"{local}[at]{host.replace('.', '[dot]')}",
            "address, words": f"{local} at {host.replace('.', ' dot ')}",
            "address, dots": f"{local}@{host.replace('.', ' dot ')}",
            "address, full width": p.email.replace("@", "＠"),
            "address, link": f"<a href='mailto:{p.email}'>{p.email}</a>",
            "user name": f"~{local}",
            "employee id": f"badge {p.id}",
            "employee id, lower": f"see {p.id.lower()}.",
            "employee id, joined": f"report_{p.id}.xlsx",
        }.items():
            found.append(Plant(form, text, (bare(p.id),) if "employee" in form else (user,)))
    for system, account in ACCOUNTS.items():
        for text in (account, f"https://{system}.example/u/{account}?tab=1", f"({account})", f"{system}:{account}"):
            found.append(Plant(f"account of {system}", text, (bare(account),)))
    found += [Plant("phone", f"Ring {n} now", (re.sub(r"\D", "", n),)) for n in PHONES]
    return found


def leaked(plant: Plant, text: str) -> bool:
    """Whether one of the plant's secrets can be read in a text."""
    return any(s in bare(text) for s in plant.secrets)
