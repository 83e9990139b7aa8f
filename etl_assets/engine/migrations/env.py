"""Alembic environment: runs on the connection the engine hands over, inside its transaction."""

from alembic import context

from etl_assets.engine.control import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="schema_version",
    version_table_schema="ctl",
    include_schemas=True,
)
context.run_migrations()
