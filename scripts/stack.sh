#!/usr/bin/env bash
# `make stack`: secrets that are missing, the image, everything up and healthy. Secrets there are stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 077
compose=(docker compose)
secrets=${STACK_SECRETS:-secrets}
variables=${STACK_ENV:-.env}

random() { # a password without characters that a URL would have to escape
    LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom 2>/dev/null | head -c "${1:-32}" || true
}

put() { # put NAME VALUE: unless it is there
    [ -s "$secrets/$1" ] || printf '%s\n' "$2" >"$secrets/$1"
    # Containers read it as another user; the folder is closed to those of this machine.
    chmod 444 "$secrets/$1"
}

get() { cat "$secrets/$1"; }

fill_secrets() {
    mkdir -p "$secrets"
    chmod 700 "$secrets"
    local name
    for name in postgres_password dagster_password etl_source_reader etl_writer bi_reader etl_monitor \
        lacrei_hash_salt sigos_hash_salt export_hash_salt; do put "$name" "$(random)"; done
    # Of a portal of one's own; the variables beside it are in .env.
    put sigos_senha "not-set"
    put admin_url "postgresql://postgres:$(get postgres_password)@postgres:5432/postgres"
    put dagster_postgres_url "postgresql://dagster:$(get dagster_password)@postgres:5432/dagster"
    # One role, one password, whatever the database.
    local reader writer
    reader=$(get etl_source_reader) writer=$(get etl_writer)
    for name in chatwoot lacrei; do put "${name}_source_url" "postgresql://etl_source_reader:$reader@postgres:5432/${name}_source"; done
    for name in chatwoot lacrei sigos; do put "${name}_warehouse_url" "postgresql://etl_writer:$writer@postgres:5432/${name}_warehouse"; done
    if ! grep -q '^ETL_SQL_PASSWORD=.' "$variables" 2>/dev/null; then
        touch "$variables"
        sed -i '/^ETL_SQL_PASSWORD=/d' "$variables"
        # Of three kinds, as the server demands.
        printf 'ETL_SQL_PASSWORD=Aa1%s\n' "$(random)" >>"$variables"
    fi
    local sql
    sql=$(sed -n 's/^ETL_SQL_PASSWORD=//p' "$variables" | tail -n 1)
    put ecommerce_oltp_url "mssql://sa:$sql@sqlserver:1433/ECOMMERCE_OLTP"
    put ecommerce_dw_url "mssql://sa:$sql@sqlserver:1433/DW_ECOMMERCE"
}

add_user() { # add_user FILE NAME: with a random password, told once
    [ -s "$secrets/$1" ] && return
    local password hash
    password=$(random 20)
    hash=$(printf '%s\n' "$password" | "${hasher[@]}")
    put "$1" "$2 $hash"
    echo "login of $2 (told only now): $password"
}

hasher=(docker run --rm -i caddy:2 caddy hash-password)
if [ -n "${STACK_HASHER:-}" ]; then read -ra hasher <<<"$STACK_HASHER"; fi
fill_secrets
add_user operators operator
add_user viewers viewer
[ "${1:-up}" = secrets ] && exit 0
"${compose[@]}" up -d --build --wait
echo "up: ${ETL_SITE:-https://localhost} (operators), and /view there (viewers)"
