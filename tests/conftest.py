"""For all tests: property tests without a wall-clock deadline (machines are shared) and with the same examples."""

from __future__ import annotations

import os
import tempfile

from hypothesis import HealthCheck, settings

# Nothing that is imported in a test may touch the home folder of whoever runs it (CrewAI writes there on import).
os.environ["HOME"] = tempfile.mkdtemp(prefix="ascertain-tests-home-")

settings.register_profile(
    "ascertain", deadline=None, max_examples=30, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", parent=settings.get_profile("ascertain"), max_examples=1000, derandomize=False)
settings.load_profile("ascertain")
