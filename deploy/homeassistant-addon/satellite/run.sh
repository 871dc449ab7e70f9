#!/bin/sh
# Start the satellite, or the server, with the add-on's options and, if it exists,
# /config/satellite.toml. Home Assistant provides the machine's sound through PulseAudio.
set -eu

options=${OPTIONS:-/data/options.json}
export SATELLITE_MIC=alsa:default SATELLITE_SPEAKER=alsa:default

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

file=${SETTINGS:-/config/satellite.toml}
if [ -e "$file" ]; then
    set -- --config "$file" "$@"
fi
if [ "$run_as" = server ]; then
    set -- --server "$@"
fi
exec "${SATELLITE:-/opt/satellite/bin/satellite}" "$@"
