from __future__ import annotations

import pytest

from ascertain.domain.skills import Level
from ascertain.taxonomy.levels import course_level, level_cue


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("An introduction to Kubernetes", Level.AWARENESS),
        ("SQL for beginners", Level.FOUNDATION),
        ("Deploys with some help from colleagues", Level.FOUNDATION),
        ("Deploys independently", Level.PRACTITIONER),
        ("Works without supervision", Level.PRACTITIONER),
        ("Advanced Excel", Level.ADVANCED),
        ("Led the migration to Power BI", Level.ADVANCED),
        ("Taught two teams how to write modules", Level.ADVANCED),
        ("The recognised expert in tax questions", Level.EXPERT),
        ("From the basics to advanced queries", Level.ADVANCED),
        ("Rewrote the report", None),
        ("Leading the Modern Business", None),
        ("Mastering Cold Calls for Beginners", Level.FOUNDATION),
        ("Getting Started with Figures", Level.FOUNDATION),
        ("A Hands-on Introduction to Looms", Level.AWARENESS),
        ("Has hands-on experience of looms", Level.PRACTITIONER),
        ("She was leading the migration", Level.ADVANCED),
        ("Not yet able to work independently", None),
        ("She wants to become an expert in SQL", None),
        ("Sells misled customers a new plan", None),
        ("", None),
    ],
)
def test_level_words(text: str, level: Level | None) -> None:
    assert level_cue(text) is level


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("Beginner", Level.FOUNDATION),
        (" intermediate ", Level.PRACTITIONER),
        ("ADVANCED", Level.ADVANCED),
        ("Expert level", Level.EXPERT),
        ("Level 3", Level.PRACTITIONER),
        ("B2", Level.PRACTITIONER),
        ("Beginner to Intermediate", Level.FOUNDATION),
        ("All levels", None),
        ("Mixed", None),
        ("", None),
    ],
)
def test_course_level_names(name: str, level: Level | None) -> None:
    assert course_level(name) is level
