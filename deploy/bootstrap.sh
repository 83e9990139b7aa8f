#!/bin/sh
# Databases, roles and schemas of the chosen systems; safe to run at every start. A source on the stack's own servers is
# a demo's, and is filled while it is empty; any other is left alone.
set -eu
secrets=${ETL_SECRETS:-/run/secrets}

is_own() {
    case $(cat "$secrets/$1") in
    *@postgres:5432/* | *@sqlserver:1433/*) return 0 ;;
    *) [ -n "${ETL_OWN_SERVER:-}" ] && grep -q "@$ETL_OWN_SERVER/" "$secrets/$1" ;;
    esac
}

for system in $(echo "${ETL_SYSTEMS:?}" | tr , ' '); do
    set -- "$system"
    case $system in
    ecommerce) source=ecommerce_oltp_url warehouse=ecommerce_dw_url ;;
    sigos) source= warehouse=sigos_warehouse_url ;;
    *) source=${system}_source_url warehouse=${system}_warehouse_url ;;
    esac
    if [ -n "$source" ] && is_own "$source"; then set -- "$@" --demo-source --size "${ETL_DEMO_SIZE:-small}"; fi
    # On SQL Server logins are its administrator's (docs/deploy.md); there the URL's own login makes the databases.
    case $(cat "$secrets/$warehouse") in
    mssql*) ;;
    *) if is_own "$warehouse"; then
        set -- "$@" --admin-url-file "$secrets/admin_url" --passwords "$secrets"
    fi ;;
    esac
    echo "bootstrap: $*"
    etl_assets bootstrap "$@"
done
