#!/bin/sh
# Prepare a memory card with Raspberry Pi OS, so that its first boot ends in a listening satellite.
#
# Run it on any machine, after the Raspberry Pi Imager has written Raspberry Pi OS Lite (64-bit) of
# 2025-11 or later, with the card's first partition mounted. No screen or keyboard is needed later.
set -eu

usage() {
    cat <<'END'
usage: prepare.sh BOOT --name NAME [--area AREA] [--language CODE] [--user NAME --ssh-key FILE]
                  [--wifi SSID --wifi-password FILE --country CC] [--timezone ZONE]
                  [--settings FILE] [--server]

  BOOT                the mounted first partition of the card (its label is bootfs)
  --name NAME         name of the satellite and of the machine: lower case, digits and hyphens
  --area AREA         its room, as "Living Room"
  --language CODE     spoken language, as de  [default: en]
  --user NAME         a user who may log in by SSH and use sudo
  --ssh-key FILE      the user's public key
  --wifi SSID         wireless network; without it: by cable
  --wifi-password FILE  file with the network's password
  --country CC        country of the wireless network, as DE
  --timezone ZONE     as Europe/Berlin  [default: Etc/UTC]
  --settings FILE     a satellite.toml for microphone, speaker and the rest
  --server            install the server side in place of a satellite
END
}

die() { echo "prepare.sh: $1" >&2; exit 1; }

boot='' name='' area='' language=en user='' key='' ssid='' password='' country='' zone=Etc/UTC settings='' server=''
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)

while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --server) server=--server; shift; continue ;;
    --*) [ $# -gt 1 ] || die "$1 needs a value" ;;
    *) [ -z "$boot" ] || die "one partition only: $1"; boot=$1; shift; continue ;;
    esac
    case $1 in
    --name) name=$2 ;;
    --area) area=$2 ;;
    --language) language=$2 ;;
    --user) user=$2 ;;
    --ssh-key) key=$2 ;;
    --wifi) ssid=$2 ;;
    --wifi-password) password=$2 ;;
    --country) country=$2 ;;
    --timezone) zone=$2 ;;
    --settings) settings=$2 ;;
    *) usage >&2; die "unknown option: $1" ;;
    esac
    shift 2
done

[ -n "$boot" ] || { usage >&2; die "name the mounted first partition of the card"; }
[ -f "$boot/config.txt" ] && [ -f "$boot/cmdline.txt" ] ||
    die "$boot is no first partition of Raspberry Pi OS: it has no config.txt"
echo "$name" | grep -Eqx '[a-z]([a-z0-9-]{0,30}[a-z0-9])?' || die "--name needs lower case letters, digits and hyphens, as kitchen"
[ -z "$user" ] || [ -f "$key" ] || die "--user needs --ssh-key FILE, as ~/.ssh/id_ed25519.pub"
[ -z "$ssid" ] || { [ -f "$password" ] && [ -n "$country" ]; } || die "--wifi needs --wifi-password FILE and --country CC"
[ -z "$settings" ] || [ -f "$settings" ] || die "$settings does not exist"
[ -f "$source/pyproject.toml" ] || die "this script is not in a source tree of the satellite"

# not echo, which takes backslashes for escapes
line() { printf '%s\n' "$1"; }
# quote as a YAML string and as a TOML string: both take JSON's escapes
quoted() { printf '"%s"' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"; }

satellite=$boot/satellite
rm -rf "$satellite"
mkdir "$satellite"
(cd "$source" && tar -czf "$satellite/source.tar.gz" --exclude=__pycache__ --exclude='*.egg-info' \
    pyproject.toml README.md LICENSE deploy satellite servers)
cp "$here/first-boot.sh" "$satellite/first-boot.sh"
{
    line "name = $(quoted "$name")"
    [ -z "$area" ] || line "area = $(quoted "$area")"
    line "language = $(quoted "$language")"
    [ -z "$settings" ] || grep -Ev '^ *(name|area|language) *=' "$settings" || :
} >"$satellite/satellite.toml"
echo "$server" >"$satellite/options"

{
    echo "#cloud-config"
    line "hostname: $(quoted "$name")"
    echo "manage_etc_hosts: true"
    line "timezone: $(quoted "$zone")"
    echo "ssh_pwauth: false"
    if [ -n "$user" ]; then
        cat <<END
users:
  - name: $(quoted "$user")
    groups: [adm, audio, gpio, i2c, spi, sudo, video]
    shell: /bin/bash
    lock_passwd: true
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    ssh_authorized_keys:
      - $(quoted "$(cat "$key")")
END
    fi
    cat <<'END'
write_files:
  - path: /etc/systemd/system/satellite-first-boot.service
    permissions: "0644"
    content: |
      [Unit]
      Description=Install the satellite from the boot partition
      Wants=network-online.target
      After=network-online.target time-sync.target
      ConditionPathExists=!/var/lib/satellite-first-boot.done

      [Service]
      Type=oneshot
      ExecStart=/bin/sh /boot/firmware/satellite/first-boot.sh /boot/firmware/satellite
      Restart=on-failure
      RestartSec=30

      [Install]
      WantedBy=multi-user.target
runcmd:
  - [systemctl, daemon-reload]
END
    [ -z "$user" ] || echo "  - [systemctl, enable, --now, ssh]"
    echo "  - [systemctl, enable, satellite-first-boot.service]"
    echo "  - [systemctl, start, --no-block, satellite-first-boot.service]"
} >"$boot/user-data"

{
    echo "network:"
    echo "  version: 2"
    echo "  ethernets:"
    echo "    eth0: {dhcp4: true, optional: true}"
    if [ -n "$ssid" ]; then
        echo "  wifis:"
        echo "    wlan0:"
        echo "      dhcp4: true"
        line "      regulatory-domain: $(quoted "$country")"
        echo "      access-points:"
        line "        $(quoted "$ssid"):"
        line "          password: $(quoted "$(cat "$password")")"
    fi
} >"$boot/network-config"
# another instance for each preparation: cloud-init then runs again on a card that has booted before
echo "instance-id: satellite-$(date +%s)" >"$boot/meta-data"
echo "done: $boot is prepared. Put the card into the Raspberry Pi; after some ten minutes $name listens."
[ -z "$user" ] || echo "its log: ssh $user@$name.local journalctl -u satellite-first-boot -u satellite -f"
