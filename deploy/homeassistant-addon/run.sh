#!/bin/sh
# Starts the satellite with what is set in the add-on's options, and in /config/satellite.toml where
# there is one. Home Assistant reads and writes this machine's sound by PulseAudio.
set -eu

options=${OPTIONS:-/data/options.json}
export SATELLITE_MIC=alsa:default SATELLITE_SPEAKER=alsa:default

# empty options are not set
assignments=$(python3 -c '
import json, shlex, sys
for name, value in json.load(open(sys.argv[1])).items():
    if value != "":
        print(f"export SATELLITE_{name.upper()}={shlex.quote(str(value))}")
' "$options")
eval "$assignments"

if [ -e /config/satellite.toml ]; then
    set -- --config /config/satellite.toml "$@"
fi
exec "${SATELLITE:-/opt/satellite/bin/satellite}" "$@"
