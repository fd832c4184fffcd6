"""A company to try the product on: local servers that speak the dialects of the systems the product connects to.

records.py   what the company consists of, as frozen dataclasses
company.py   build_company(anchor): reads config/demo/, the same for the same anchor
history.py   three years of enrolments from a seed    tickets.py  resolved issues from a seed
live.py      the company while it is served: tests change it, `updated` moves
dialects.py  which systems there are: one FastAPI application each, in docebo.py, workday.py, jira.py and so on
faults.py    429, 500, slow and half-written answers, dead tokens, drift, off unless asked for; switches.py: as words
hooks.py     delivers a dialect's webhooks from the background, and badly on demand
server.py    Sandbox: starts them on loopback and says where they are
"""

from __future__ import annotations
