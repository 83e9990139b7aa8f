#!/usr/bin/env bash
# What the tests of deploy/ need beside Chromium: the extra `distributed` in .venv; with the argument `system` also, by
# apt-get, a proxy, a broker and compose's parser. Never fails for a package of the system: without it those tests fail
# by themselves, and say why.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

stamp=.venv/.distributed
if ! cmp -s requirements.distributed.lock "$stamp" || [ .venv/.ready -nt "$stamp" ]; then
    echo "installing the extra \`distributed\` into .venv"
    .venv/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: -r requirements.distributed.lock
    .venv/bin/python -m pip check
    cp requirements.distributed.lock "$stamp"
fi

[ "${1:-}" = system ] || exit 0
missing=()
command -v caddy >/dev/null || missing+=(caddy)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || missing+=(docker-compose)
[ ${#missing[@]} -eq 0 ] && exit 0
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo -n); fi
if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
    echo "installing ${missing[*]} with apt-get"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq || true
    # A server that is installed is not to be started: the tests have their own, on ports of their own.
    for name in "${missing[@]}"; do
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$name" ||
            echo "distributed: $name cannot be installed, so tests that need it will fail" >&2
    done
else
    echo "distributed: install ${missing[*]}, or tests that need them will fail" >&2
fi
