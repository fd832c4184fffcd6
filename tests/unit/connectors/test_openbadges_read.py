"""Open Badges credentials in a folder, and tables, that name skills by ids of other taxonomies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ascertain.connectors.files_folder import FileProblem
from ascertain.connectors.openbadges_read import read_badge
from ascertain.domain.evidence import EvidenceKind, SkillCode
from ascertain.domain.records import AwardRecord, Entity, TextRecord
from tests.unit.connectors.files_bench import Place, records, rejected

ALIGNED = [
    {"type": ["Alignment"], "targetName": "Programming", "targetCode": "2.B.3.e", "targetFramework": "O*NET"},
    {"type": ["Alignment"], "targetName": "SQL", "targetUrl": "http://data.europa.eu/esco/skill/sql"},
    {"type": ["Alignment"], "targetName": "no id"},
]
CREDENTIAL: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "https://x.example", "type": ["Profile"], "name": "Fjordlane Academy"},
    "validFrom": "2026-02-03T10:00:00Z",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "achievement": {"type": ["Achievement"], "name": "Data Builder", "alignment": ALIGNED},
    },
}
CODES = (
    SkillCode("2.B.3.e", "O*NET", "Programming"),
    SkillCode("http://data.europa.eu/esco/skill/sql", "", "SQL"),
)
MAPPING = {
    "documents": [
        {"kind": "certificate", "counts_as": "badge", "files": "badges/**", "named": "badges/{employee}/*.json"},
    ],
}


def test_a_credential_of_either_version_says_what_it_is_aligned_with() -> None:
    made = read_badge(json.dumps(CREDENTIAL).encode())
    assert (made.title, made.provider) == ("Data Builder", "Fjordlane Academy")
    assert (made.awarded_at, made.skills) == (datetime(2026, 2, 3, 10, tzinfo=UTC), CODES)
    old = {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "issuedOn": "2026-02-03",
        "badge": {"name": "Data Builder", "issuer": {"name": "Academy"}, "alignment": ALIGNED[0]},
    }
    made = read_badge(b"\xef\xbb\xbf" + json.dumps(old).encode())
    assert (made.provider, made.awarded_at, made.skills) == ("Academy", datetime(2026, 2, 3, tzinfo=UTC), CODES[:1])


@pytest.mark.parametrize(
    ("document", "said", "field"),
    [
        ("[1]", "is no Open Badges credential", ""),
        ("{", "is no JSON", ""),
        ('{"badge": "https://x.example/b"}', "has no badge: export it with its badge in it", "badge"),
        ('{"badge": {"name": " "}}', "does not say what was awarded", "badge.name"),
        ('{"badge": {"name": "x", "alignment": ["y"]}}', "an alignment is no object", "badge.alignment"),
        ('{"badge": {"name": "x"}, "issuedOn": "spring"}', "'spring' is no time", "validFrom"),
    ],
)
def test_what_is_none_is_named(document: str, said: str, field: str) -> None:
    with pytest.raises(FileProblem) as e:
        read_badge(document.encode())
    assert e.value.reason == said
    assert (e.value.field or "") == field


def test_a_folder_of_credentials_becomes_awards_and_a_broken_one_stops_no_other(tmp_path: Path) -> None:
    place = Place(tmp_path, MAPPING)
    place.write("badges/E1/a.json", json.dumps(CREDENTIAL).encode())
    place.write("badges/E2/b.json", b"{}")
    pages = place.pages(Entity.AWARD)
    (found,) = records(pages)
    assert isinstance(found, AwardRecord)
    assert (found.user_id, found.kind, found.skills) == ("employee:E1", EvidenceKind.BADGE, CODES)
    assert found.provider == "Fjordlane Academy"
    (bad,) = rejected(pages)
    assert bad.reason == "badges/E2/b.json: has no badge: export it with its badge in it"


def test_a_table_names_skills_by_the_ids_of_its_system(tmp_path: Path) -> None:
    mapping = {
        "tables": [
            {
                "entity": "review",
                "files": "skills.csv",
                "people": "employee",
                "columns": {
                    "user": "person", "text": "what", "skill_codes": "skill", "skill_name": "name", "kind": "kind",
                },
                "constants": {"skill_framework": "hris"},
            },
        ]
    }  # fmt: skip
    place = Place(tmp_path, mapping)
    long = "x" * 301
    rows = ("E1,self_assessment,H12,Excel macros,Rated 4 of 5", "E2,self_assessment,H1|H2,,Both", f"E3,,{long},,Long")
    place.write("skills.csv", "\n".join(("person,kind,skill,name,what", *rows)).encode())
    pages = place.pages(Entity.REVIEW)
    found = [r for r in records(pages) if isinstance(r, TextRecord)]
    assert [r.skills for r in found] == [
        (SkillCode("H12", "hris", "Excel macros"),),
        (SkillCode("H1", "hris"), SkillCode("H2", "hris")),
    ]
    (bad,) = rejected(pages)
    assert "at most 300 characters" in bad.reason
    assert bad.field == "skill"
