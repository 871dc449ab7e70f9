#!/usr/bin/env bash
# Installs the official package `mcp` for the tests, once, in an environment of its own (70 MB):
# it needs a web server and 16 other packages. Prints where it is.
set -euo pipefail

version=2.3.0 # the one that Home Assistant 2026.11 uses
cache=${SATELLITE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/satellite-tests}
place=$cache/mcp-$version
if ! [ -e "$place/complete" ]; then
    python3 -m venv "$place"
    "$place/bin/pip" install -q --disable-pip-version-check "mcp==$version"
    touch "$place/complete"
fi
echo "$place"
