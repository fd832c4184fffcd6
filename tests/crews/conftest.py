from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # CrewAI reads its own deprecated fields on every run.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:crewai")
