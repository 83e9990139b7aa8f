#!/bin/bash
# Dagster's own database, made by the PostgreSQL image when its volume is empty. Warehouses are the bootstrap's work.
set -euo pipefail
file=${DAGSTER_PASSWORD_FILE:-/run/secrets/dagster_password}
# The password goes in by standard input: it is on no command line.
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
\\set password \`cat "$file"\`
CREATE ROLE dagster LOGIN PASSWORD :'password';
CREATE DATABASE dagster OWNER dagster;
REVOKE ALL ON DATABASE dagster FROM PUBLIC;
SQL
