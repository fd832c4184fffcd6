"""``ascertain schedule``, with little patience for runs that nobody works on: minutes are too long for a suite."""

from __future__ import annotations

import sys
from datetime import timedelta

from ascertain.cli import main
from ascertain.jobs import killed

PATIENCE = 5
"""Seconds beyond a job's time-out."""

if __name__ == "__main__":
    killed.LOST_AFTER = timedelta(seconds=PATIENCE)
    sys.argv = ["ascertain", "schedule"]
    main()
