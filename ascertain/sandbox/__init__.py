"""A company to try the product on: local servers that speak Docebo's, Workday's and Jira Cloud's dialect.

records.py   what the company consists of, as frozen dataclasses
company.py   build_company(anchor): reads config/demo/, the same for the same anchor
history.py   three years of enrolments from a seed    tickets.py  resolved issues from a seed
live.py      the company while it is served: tests change it, `updated` moves
docebo.py    workday.py    jira.py (with jql.py)      one FastAPI application each
faults.py    429, 500, slow and half-written answers, off unless asked for
server.py    Sandbox: starts all three on loopback and says where they are
"""

from __future__ import annotations
