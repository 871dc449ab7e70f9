#!/bin/sh
# Install the satellite from a folder of the boot partition; runs as root at the first boot, and again
# until it has worked. prepare.sh puts it there.
set -eu

folder=$1
root=${2:-} # of a test
done_file=$root/var/lib/satellite-first-boot.done
configuration=$root/etc/satellite/satellite.toml

[ ! -e "$done_file" ] || { echo "the satellite is installed already"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xzf "$folder/source.tar.gz" -C "$work"
options=$(cat "$folder/options")
# the service starts once it has its settings
# shellcheck disable=SC2086 # --server, or nothing
sh "$work/deploy/install.sh" --no-start $options
install -m 0640 -o root -g satellite "$folder/satellite.toml" "$configuration"
/usr/local/bin/satellite config >/dev/null || { echo "the settings of the card are wrong: see above" >&2; exit 1; }
service=satellite.service
[ "$options" != --server ] || service=satellite-server.service
if [ -d /run/systemd/system ]; then systemctl restart "$service"; fi
mkdir -p "$(dirname "$done_file")"
touch "$done_file"
echo "the satellite is installed; it starts with the machine"
