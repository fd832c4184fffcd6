from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.domain.skills import Skill
from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.index import build
from ascertain.taxonomy.lexicon import Lexicon, read_lexicon
from ascertain.taxonomy.mapper import SkillMapper
from ascertain.taxonomy.model import read_model

SKILLS = (
    Skill("c", "C", "skill"),
    Skill("communication", "Communication", "skill", synonyms=("communicating clearly",)),
    Skill(
        "excel",
        "Microsoft Excel",
        "skill",
        synonyms=("Excel", "pivot tables"),
        definition="Calculating with formulas, pivot tables and charts in Excel workbooks.",
    ),
    Skill(
        "feedback",
        "Giving feedback",
        "skill",
        synonyms=("feedback conversations",),
        definition="Telling people clearly and kindly what feedback is due on their work.",
    ),
    Skill("go", "Go (Golang)", "skill", synonyms=("Golang", "Go")),
    Skill(
        "it",
        "Information technology",
        "knowledge",
        synonyms=("IT",),
        definition="Computers, networks and software as used in IT departments.",
    ),
    Skill(
        "kubernetes",
        "Kubernetes",
        "skill",
        synonyms=("k8s",),
        definition="Deploying containers on Kubernetes clusters, k8s for short.",
    ),
    Skill("modelling", "Data modelling", "skill", synonyms=("data models",)),
    Skill("project", "Project management", "knowledge", synonyms=("managing projects",)),
    Skill(
        "project-software",
        "Project management software",
        "skill",
        definition="Using project management software to plan work.",
    ),
    Skill("r", "R", "skill", synonyms=("R programming",)),
    Skill("react", "React", "skill"),
    Skill("sql", "SQL", "skill", synonyms=("Structured Query Language",), definition="Querying relational databases."),
    Skill("terraform", "Terraform", "skill", definition="Describing infrastructure as code in Terraform modules."),
)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return read_lexicon(CONFIG_DIR)


@pytest.fixture(scope="session")
def mapper(lexicon: Lexicon) -> SkillMapper:
    return SkillMapper(SKILLS, build(SKILLS, (), lexicon), lexicon, read_model(CONFIG_DIR, len(SKILLS)))


@pytest.fixture
def config_dir() -> Path:
    return CONFIG_DIR
