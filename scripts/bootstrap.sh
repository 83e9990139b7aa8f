#!/usr/bin/env bash
# Makes .venv from requirements.lock: exact versions, checked by hash. Called by make when the lock or pyproject.toml changed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# Set by an activated environment or a caller's habit, both would send the packages elsewhere.
unset PYTHONHOME PIP_TARGET PIP_PREFIX PIP_USER

find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        # A name on PATH proves nothing (a version manager puts stubs there): it must run and be new enough.
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

apt_install() {
    command -v apt-get >/dev/null || return 1
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
        root=(sudo -n)
    fi
    echo "installing $* with apt-get"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

fail() {
    echo "bootstrap: $*" >&2
    exit 1
}

if ! python=$(find_python); then
    apt_install python3 python3-venv || true
    python=$(find_python) || fail "Python 3.11 or newer is needed and not on PATH: install it (Debian, Ubuntu: apt-get install python3 python3-venv)."
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    apt_install "python$version-venv" || apt_install python3-venv || true
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no venv module: install it (Debian, Ubuntu: apt-get install python$version-venv)."
fi

rm -f .venv/.ready
# Kept only when it works, is this folder's and of this Python; anything else is made anew.
if ! .venv/bin/python -c "import os, pip, sys; sys.exit(not (os.path.samefile(sys.prefix, '.venv') and '%d.%d' % sys.version_info[:2] == '$version'))" 2>/dev/null ||
    ! head -n 1 .venv/bin/pip | grep -qF "$PWD/.venv/"; then
    rm -rf .venv
    "$python" -m venv .venv
fi

echo "installing the locked packages into .venv (a minute or two, the first time)"
# The lock is complete, so nothing is resolved here; wheels only, because building one would download unlocked tools.
# Compiled now: where PYTHONDONTWRITEBYTECODE is set, every later start would compile again (7 s instead of 2 s).
.venv/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: -r requirements.lock
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
.venv/bin/python -m compileall -q etl_assets
.venv/bin/python -m pip check
printf '%s\n' "$PWD" >.venv/.ready
