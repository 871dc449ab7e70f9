#!/bin/sh
# Start the satellite, or the server, with the add-on's options and, if it exists,
# /config/satellite.toml. Home Assistant provides the machine's sound through PulseAudio.
set -eu

options=${OPTIONS:-/data/options.json}
export SATELLITE_MIC=alsa:default SATELLITE_SPEAKER=alsa:default
export SATELLITE_HTTP_INGRESS_PORT=10782

# empty options are not set
assignments=$(python3 -c '
import json, shlex, sys
for name, value in json.load(open(sys.argv[1])).items():
    if name == "run_as":
        print(f"run_as={shlex.quote(value)}")
    elif value != "":
        print(f"export SATELLITE_{name.upper()}={shlex.quote(str(value))}")
' "$options")
run_as=satellite
eval "$assignments"

# the page saves settings into this file, which outlives the container
file=${SETTINGS:-/config/satellite.toml}
if [ ! -e "$file" ] && [ -w "$(dirname "$file")" ]; then
    echo "# Settings beyond the add-on's options, which go before these." >"$file"
fi
if [ -e "$file" ]; then
    set -- --config "$file" "$@"
fi
if [ "$run_as" = server ]; then
    set -- --server "$@"
fi
exec "${SATELLITE:-/opt/satellite/bin/satellite}" "$@"
