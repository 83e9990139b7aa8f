"""Alembic migrations of the `ctl` and `audit` schemas. Warehouse tables are not migrated here (ddl.py)."""
