"""What the engine promises, by the same tests on PostgreSQL and on SQL Server.

Belongs here: everything a user may rely on whatever the server. Does not belong here: what only one server has (arrays
and infinity: db/; ticks of 1/300 s and code pages: sqlserver/), the spelling of SQL (backends.py).
"""
