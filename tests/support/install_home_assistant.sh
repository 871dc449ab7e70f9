#!/usr/bin/env bash
# Installs real Home Assistants for the tests, each once; prints where they are and what they took.
#
#   install_home_assistant.sh [VERSION…]    both by default: 2024.3.3 and 2026.11.0
#
# 2024.3.3 is the last one for Python 3.11 and goes into a virtual environment. 2026.11.0 wants
# Python 3.14 and goes into a small Debian of its own, which takes root, debootstrap and 2.5 GB.
# Nothing stays mounted. What broke off goes on at the next call; a version without its mark
# `complete` is not used. Exit code 3: a version cannot be installed here; its tests then skip.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${SATELLITE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/satellite-tests}
homes=${SATELLITE_TEST_HOME_ASSISTANT:-$cache/homeassistant}
longest=${HOME_ASSISTANT_INSTALL_SECONDS:-1500} # of one version; 3 minutes were measured
suite=forky # the Debian that has Python 3.14
inside=/opt/ha # the virtual environment in that Debian
packages=python3,python3-venv,python3-pip,python3-dev,ca-certificates,ffmpeg,libturbojpeg0
packages+=,gcc,g++,make,pkg-config,libffi-dev,libssl-dev
export PIP_DISABLE_PIP_VERSION_CHECK=1

unable() { echo "Home Assistant $version cannot be installed here: $1" >&2; return 3; }

# pip's resolver gives the old release libraries that are too new for it: with josepy 2 its cloud
# client cannot be imported, and then no request is answered
pins() { case $1 in 2024.*) echo 'acme<3 josepy<2 setuptools<70' ;; esac; }

# what every installation takes, run with the interpreter that it is for
fetch='
set -eu
environment=$1 needs=$2 version=$3; shift 3
"$environment/bin/pip" install -q "homeassistant==$version" "$@"
"$environment/bin/python" "$needs" list >"$environment/needs.txt"
"$environment/bin/pip" install -q -r "$environment/needs.txt" "$@" \
    -c "$("$environment/bin/python" "$needs" constraints)"
'

in_environment() {
    local python='' candidate
    for candidate in python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] || unable "it needs Python 3.11" || return
    "$python" -m venv "$home"
    # shellcheck disable=SC2046 # several words are meant
    timeout "$longest" sh -c "$fetch" sh "$home" "$here/home_assistant_needs.py" "$version" $(pins "$version")
}

in_debian() {
    [ "$(id -u)" = 0 ] || unable "a Debian of its own needs root" || return
    command -v debootstrap >/dev/null || unable "there is no debootstrap" || return
    unshare --mount true 2>/dev/null || unable "no mounts of its own are allowed" || return
    if ! [ -e "$home/debian-complete" ]; then
        rm -rf "$home"
        local mirror scripts=/usr/share/debootstrap/scripts
        mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
            grep -v security | head -n 1)}
        [ -n "$mirror" ] || unable "apt names no mirror of Debian" || return
        timeout "$longest" debootstrap --variant=minbase --include="$packages" "$suite" "$home" \
            "$mirror" "$scripts/$([ -e "$scripts/$suite" ] && echo "$suite" || echo sid)" >"$homes/debootstrap.log"
        touch "$home/debian-complete"
    fi
    cp -L /etc/resolv.conf /etc/hosts "$home/etc/"
    if [ -e /etc/pip.conf ]; then cp -L /etc/pip.conf "$home/etc/"; fi
    cp -L /etc/ssl/certs/ca-certificates.crt "$home/etc/ssl/certs/"
    cp "$here/home_assistant_needs.py" "$home/root/needs.py"
    # the mounts are seen by this command alone, and are gone with it
    env -u PIP_FIND_LINKS -u VIRTUAL_ENV HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        timeout "$longest" unshare --mount sh -euc '
            home=$1 inside=$2; shift
            for part in proc sys dev; do mount --rbind "/$part" "$home/$part"; done
            [ -x "$home$inside/bin/python" ] || chroot "$home" python3 -m venv "$inside"
            fetch=$2; shift 2
            exec chroot "$home" sh -c "$fetch" sh "$inside" /root/needs.py "$@"
        ' sh "$home" "$inside" "$fetch" "$version"
}

# What the integration of ESPHome imports, beyond what the others do: without the supervisor's and
# the radios' packages most of its modules cannot be imported. It names aioesphomeapi 46.25.0, which
# not every registry has yet; Home Assistant is started with --skip-pip and takes the one before.
esphome=(aioesphomeapi==46.23.0 esphome-dashboard-api==1.4.0 bleak-esphome aiohasupervisor==0.8.1
    serialx==1.15.1 aiousbwatcher==1.1.2 py-improv-ble-client==2.0.1 infrared-protocols==10.5.0
    rf-protocols==4.3.0)

# Adds them to a Debian, once; adds packages only. The tests of ESPHome skip without its mark.
with_esphome() {
    if [ -e "$home/esphome-complete" ] || ! [ -e "$home/debian-complete" ]; then return; fi
    env -u PIP_FIND_LINKS -u VIRTUAL_ENV HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        timeout "$longest" unshare --mount sh -euc '
            home=$1 inside=$2; shift 2
            for part in proc sys dev; do mount --rbind "/$part" "$home/$part"; done
            constraints=$(chroot "$home" "$inside/bin/python" /root/needs.py constraints)
            exec chroot "$home" "$inside/bin/pip" install -q "$@" -c "$constraints"
        ' sh "$home" "$inside" "${esphome[@]}" && touch "$home/esphome-complete"
}

install() {
    local version=$1 home=$homes/$1 began=$SECONDS
    if [ -e "$home/complete" ] && { [ -e "$home/esphome-complete" ] || ! [ -e "$home/debian-complete" ]; }; then
        echo "$home"
        return
    fi
    mkdir -p "$homes"
    exec 9>"$homes/$version.lock"
    flock 9 # a second caller waits, and finds it done
    if ! [ -e "$home/complete" ]; then
        case $version in
        2024.*) in_environment ;;
        *) in_debian ;;
        esac || return 3
        touch "$home/complete"
        echo "Home Assistant $version was installed in $((SECONDS - began)) s" >&2
    fi
    with_esphome || unable "pip has not installed what ESPHome needs" || return
    echo "$home"
}

failed=0
for wanted in "${@:-2024.3.3 2026.11.0}"; do
    # shellcheck disable=SC2086 # the default is two words
    for one in $wanted; do
        (install "$one") || failed=3
    done
done
exit "$failed"
