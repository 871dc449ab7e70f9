#!/bin/sh
# Start the satellite with the add-on's options and, if it exists, /config/satellite.toml. Home
# Assistant provides the machine's sound through PulseAudio.
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
