#!/usr/bin/env bash
# The browser tests need Chromium and its driver. Never fails: without them those tests fail by themselves, and say why.
set -uo pipefail

present() {
    { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null 2>&1 &&
        command -v chromedriver >/dev/null 2>&1
}

present && exit 0
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo -n); fi
if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
    echo "installing chromium and chromium-driver with apt-get"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver
fi
present || echo "browser: no Chromium with chromedriver on PATH, so SIGOS and the browser tests will fail; install them (Debian: apt-get install chromium chromium-driver)" >&2
exit 0
