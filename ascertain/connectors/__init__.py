"""One module a system, one port (``ascertain.domain.connector``), one registry.

registry.py   finds connectors by system name and opens the connections of a file
connection.py what a connection file may say; secrets come from the environment by name
http.py       the one HTTP client: tries, waits, limits, no strangers
parsing.py    allow-listed, typed reading of a source's row
window.py     what an incremental pull has seen
docebo.py  workday.py  jira.py
"""
