"""Rules of single functions: no server, no Dagster, no browser."""
