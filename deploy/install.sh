#!/bin/sh
# Install Satellite on Debian 12 and 13 and on Raspberry Pi OS (64-bit), or remove it.
#
# Running it again repairs what is missing, updates what has changed, and changes nothing else.
set -eu
umask 022 # the service reads what root writes here

usage() {
    cat <<'END'
usage: install.sh [--server] [--user] [--extras LIST] [--from SOURCE] [--no-start]
       install.sh --uninstall [--user] [--keep-config] [--packages]

  --server       serve speech and language models to the LAN instead of listening here
  --user         install for the current user, beside PipeWire or PulseAudio; without it: for the
                 whole machine, as the user "satellite"; needs root
  --extras LIST  more extras of the package, as in gpio,sound; later runs keep them
  --from SOURCE  source tree, wheel, or anything else that pip installs; by default the source tree
                 of this script
  --no-start     neither start nor restart the service

  --uninstall    remove the program, its services, configuration, models, keys and user
  --keep-config  keep the configuration
  --packages     also remove the Debian packages that were installed for it
END
}

server='' scope=system extras='' source='' start=yes uninstall='' keep='' packages=''
changes=0
here=$(cd "$(dirname "$0")" && pwd)

die() { echo "install.sh: $1" >&2; exit 1; }
say() { echo "$1"; }
changed() { changes=$((changes + 1)); echo "+ $1"; }

while [ $# -gt 0 ]; do
    case $1 in
    --server) server=yes ;;
    --user) scope=user ;;
    --from)
        [ $# -gt 1 ] || die "--from needs a source tree, a wheel, or another source for pip"
        source=$2
        shift
        ;;
    --from=*) source=${1#--from=} ;;
    --extras)
        [ $# -gt 1 ] || die "--extras needs a list, as in gpio,sound"
        extras=$2
        shift
        ;;
    --extras=*) extras=${1#--extras=} ;;
    --no-start) start='' ;;
    --uninstall) uninstall=yes ;;
    --keep-config) keep=yes ;;
    --packages) packages=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; die "unknown option: $1" ;;
    esac
    shift
done
[ -n "$uninstall" ] || [ -z "$keep$packages" ] || die "--keep-config and --packages are for --uninstall"
[ -z "$uninstall" ] || [ -z "$server$source$extras" ] || die "--uninstall removes everything: omit --server, --from and --extras"

# places

if [ $scope = system ]; then
    [ "$(id -u)" = 0 ] || die "needs root: run it with sudo, or with --user to install for your user only"
    program=/opt/satellite
    command=/usr/local/bin/satellite
    configuration=/etc/satellite
    state=/var/lib/satellite
    cache=/var/cache/satellite
    units=/etc/systemd/system
    manual=/usr/local/share/man/man1/satellite.1
    shell_files="/usr/share/bash-completion/completions/satellite /usr/share/zsh/vendor-completions/_satellite \
        /usr/share/fish/vendor_completions.d/satellite.fish $manual"
    kind='' control='sudo systemctl' journal=-u
else
    [ "$(id -u)" != 0 ] || die "--user is not for root: run it without sudo"
    program=$HOME/.local/lib/satellite
    command=$HOME/.local/bin/satellite
    configuration=${XDG_CONFIG_HOME:-$HOME/.config}/satellite
    state=${XDG_DATA_HOME:-$HOME/.local/share}/satellite
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/satellite
    units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    manual=${XDG_DATA_HOME:-$HOME/.local/share}/man/man1/satellite.1
    shell_files="${XDG_DATA_HOME:-$HOME/.local/share}/bash-completion/completions/satellite $manual"
    kind=user/ control='systemctl --user' journal='--user -u'
fi
venv=$program/venv
record=$program/.installed # the installed source and extras
debian=$program/.packages # the Debian packages that this script installed
service=satellite${server:+-server}.service

systemd() {
    if [ $scope = user ]; then systemctl --user "$@"; else systemctl "$@"; fi
}

# true if a service manager can be reached; a chroot or a container has none
managed() {
    command -v systemctl >/dev/null || return 1
    if [ $scope = user ]; then
        systemctl --user show-environment >/dev/null 2>&1
    else
        [ -d /run/systemd/system ]
    fi
}

# enabling works without a running manager
can_enable() { command -v systemctl >/dev/null && { [ $scope = system ] || managed; }; }

# removal

# true if this script installed the command
own_command() {
    [ "$(readlink "$command" 2>/dev/null)" = "$venv/bin/satellite" ] || grep -qx "program=$venv/bin/satellite" "$command" 2>/dev/null
}

remove() {
    if [ -e "$1" ] || [ -L "$1" ]; then
        rm -rf "$1"
        changed "removed $1"
    fi
}

# remove those of $installed that no other package needs
remove_packages() {
    # shellcheck disable=SC2086 # a list of packages
    apt-mark auto $installed >/dev/null
    going=''
    for package in $(apt-get -s -o APT::AutoRemove::RecommendsImportant=false \
        -o APT::AutoRemove::SuggestsImportant=false autoremove | sed -n 's/^Remv \([^ ]*\).*/\1/p'); do
        case " $installed " in *" $package "*) going="$going $package" ;; esac
    done
    [ -n "$going" ] || return 0
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq $going >/dev/null
    changed "removed Debian packages:$going"
}

uninstall() {
    for unit in satellite.service satellite-server.service; do
        [ -e "$units/$unit" ] || continue
        if managed; then systemd disable --quiet --now "$unit"; elif can_enable; then systemd disable --quiet "$unit"; fi
        remove "$units/$unit"
    done
    if managed; then systemd daemon-reload; fi
    installed=''
    if [ -f "$debian" ]; then installed=$(tr "\n" " " <"$debian"); fi
    if own_command; then remove "$command"; fi
    for file in $shell_files; do remove "$file"; done
    remove "$program"
    remove "$state"
    remove "$cache"
    [ $scope = system ] || remove "${XDG_STATE_HOME:-$HOME/.local/state}/satellite"
    if [ -n "$keep" ]; then say "$configuration remains"; else remove "$configuration"; fi
    if [ $scope = system ] && getent passwd satellite >/dev/null; then
        userdel satellite
        changed "removed the user satellite"
    fi
    if [ $scope = system ] && getent group satellite >/dev/null; then groupdel satellite; fi
    if [ -n "$installed" ]; then
        if [ -n "$packages" ]; then
            remove_packages
        else
            say "these Debian packages remain; --packages removes them: $installed"
        fi
    fi
    [ $changes -gt 0 ] || say "nothing is installed; there is nothing to remove"
}

if [ -n "$uninstall" ]; then
    uninstall
    exit 0
fi

# requirements

if [ -z "$source" ]; then
    [ -f "$here/../pyproject.toml" ] || die "this script is not in a source tree: name a source tree or a wheel with --from"
    source=$(cd "$here/.." && pwd)
fi
case $source in
*.whl) [ -f "$source" ] || die "the wheel $source does not exist" ;;
/* | ./* | ../* | .) [ -f "$source/pyproject.toml" ] || die "$source is not a source tree: it has no pyproject.toml" ;;
esac
[ -f "$here/systemd/$kind$service" ] || die "the folder systemd/ is missing beside this script"

command -v dpkg >/dev/null || die "this system is neither Debian nor Raspberry Pi OS: see deploy/containers"
architecture=$(dpkg --print-architecture)
case $architecture in
amd64 | arm64) ;;
*) die "no wheels exist for $architecture: on a Raspberry Pi, use the 64-bit Raspberry Pi OS" ;;
esac

# shellcheck disable=SC2016 # dpkg expands it
dpkg_names() { dpkg-query -W -f='${Package}\n' | sort -u; }

debian_packages() {
    needed='python3 python3-venv ca-certificates'
    [ -n "$server" ] || needed="$needed alsa-utils libportaudio2"
    [ $scope = system ] || needed="$needed libpulse0 pulseaudio-utils" # the sound server's library and programs
    missing=''
    for package in $needed; do
        # shellcheck disable=SC2016 # dpkg expands it
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    missing=${missing# }
    [ $scope = system ] || die "Debian packages are missing: sudo apt-get install $missing"
    before=$(dpkg_names)
    apt-get update -qq || die "apt-get update failed: check the network"
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
        die "apt-get could not install: $missing"
    install -d "$program"
    # with their dependencies
    for package in $(dpkg_names); do
        case "
$before
" in *"
$package
"*) ;; *) echo "$package" >>"$debian" ;; esac
    done
    changed "Debian packages: $missing"
}

# a user's services are sandboxed by user namespaces
name_spaces() {
    [ $scope = system ] || ! managed || unshare --user true 2>/dev/null ||
        die "the service's sandbox needs user namespaces: set kernel.unprivileged_userns_clone=1, or install without --user"
}

# the program: a virtual environment that only this script writes to

fingerprint() {
    if [ -d "$source" ]; then
        (cd "$source" && find pyproject.toml satellite servers -type f ! -name '*.pyc' -print0 | sort -z |
            xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
    elif [ -f "$source" ]; then
        sha256sum "$source" | cut -d' ' -f1
    else
        echo "$source"
    fi
}

install_program() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "Python 3.11 or newer is required, and this machine has $(python3 -V): Debian 12 and Raspberry Pi OS of 2023 include it"
    before=$(sed -n 's/^extras=//p' "$record" 2>/dev/null || :)
    extras=$(echo "$extras,$before,${server:+server}" | tr ',' '\n' | sed '/^$/d' | sort -u | paste -s -d ,)
    version='import sys; print(*sys.version_info[:2])'
    wanted=$(printf 'python=%s\nsource=%s\nextras=%s' "$(python3 -V)" "$(fingerprint)" "$extras")
    if [ -x "$venv/bin/satellite" ] && [ "$(cat "$record" 2>/dev/null)" = "$wanted" ]; then return 0; fi
    rm -f "$record" # an interrupted installation starts from the beginning
    # an upgraded Debian has another Python, which needs a new environment
    if [ "$("$venv/bin/python" -c "import pip; $version" 2>/dev/null)" != "$(python3 -c "$version")" ]; then
        python3 -m venv --clear "$venv" || die "cannot create a virtual environment in $venv: see above"
    fi
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    what=$source
    if [ -d "$source" ]; then
        # pip builds inside the source tree: give it a copy
        what=$work/satellite
        mkdir "$what"
        (cd "$source" && tar -cf - --exclude=__pycache__ --exclude='*.egg-info' pyproject.toml README.md LICENSE satellite servers) | tar -xf - -C "$what"
    fi
    # the program's former name: its files have the places of the new one's
    if "$venv/bin/python" -m pip show --quiet --disable-pip-version-check satellite 2>/dev/null; then
        "$venv/bin/python" -m pip uninstall --quiet --disable-pip-version-check --yes satellite
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --upgrade --prefer-binary "$what${extras:+[$extras]}" ||
        die "pip failed: see above, then run this script again"
    "$venv/bin/satellite" --version >/dev/null || die "the installed program does not start: see above"
    printf '%s\n' "$wanted" >"$record"
    changed "program: $program, version $("$venv/bin/satellite" --version | sed -n 1p)${extras:+, with $extras}"
    renewed=yes
}

# the command of a system-wide service is a script that uses the service's folders
install_command() {
    if [ $scope = system ]; then
        if [ ! -L "$command" ] && cmp -s "$here/systemd/command.sh" "$command"; then return 0; fi
    elif [ "$(readlink "$command" 2>/dev/null)" = "$venv/bin/satellite" ]; then
        return 0
    fi
    [ ! -e "$command" ] || own_command || die "$command is another program: move it away"
    mkdir -p "$(dirname "$command")"
    rm -f "$command"
    if [ $scope = system ]; then
        install -m 0755 "$here/systemd/command.sh" "$command"
    else
        ln -s "$venv/bin/satellite" "$command"
    fi
    changed "command: $command"
}

# completion for the shells that are here, and the manual page
install_shell_files() {
    [ -n "$renewed" ] || return 0
    for shell in bash zsh fish; do
        case $scope$shell in
        systembash) file=/usr/share/bash-completion/completions/satellite ;;
        systemzsh) file=/usr/share/zsh/vendor-completions/_satellite ;;
        systemfish) file=/usr/share/fish/vendor_completions.d/satellite.fish ;;
        userbash) file=${XDG_DATA_HOME:-$HOME/.local/share}/bash-completion/completions/satellite ;;
        *) continue ;;
        esac
        [ $shell = bash ] || command -v $shell >/dev/null || continue
        mkdir -p "$(dirname "$file")"
        _SATELLITE_COMPLETE=${shell}_source "$venv/bin/satellite" >"$file" 2>/dev/null || rm -f "$file"
    done
    mkdir -p "$(dirname "$manual")"
    "$venv/bin/python" -m satellite.cli.manual "$manual" || rm -f "$manual"
}

# the service's user

own_user() {
    if ! getent passwd satellite >/dev/null; then
        useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin \
            --comment "voice satellite" satellite
        changed "user: satellite"
    fi
    for group in audio gpio spi i2c; do # the last three: lights and buttons of a Raspberry Pi
        getent group $group >/dev/null || continue
        id -nG satellite | tr ' ' '\n' | grep -qx $group || {
            usermod --append --groups $group satellite
            changed "user satellite is in the group $group"
        }
    done
    for folder in "$state" "$cache"; do
        [ -d "$folder" ] || { install -d -o satellite -g satellite -m 0750 "$folder"; changed "folder: $folder"; }
    done
}

write_configuration() {
    file=$configuration/satellite.toml
    [ ! -e "$file" ] || return 0
    mkdir -p "$configuration"
    cat >"$file" <<END
# The settings of this machine. "satellite config" shows every setting and its origin;
# "satellite devices" lists microphones and speakers. After a change:
# $control restart ${service%.service}

# name = "kitchen"
# area = "Kitchen"
# mic = "alsa:plughw:1,0"
# speaker = "alsa:plughw:1,0"
# wake = "openwakeword:okay_nabu"
END
    if [ $scope = system ]; then
        chown -R root:satellite "$configuration"
        chmod 0750 "$configuration"
    fi
    chmod 0640 "$file"
    changed "configuration: $file"
}

# the service

install_service() {
    new=''
    if ! cmp -s "$here/systemd/$kind$service" "$units/$service"; then
        mkdir -p "$units"
        install -m 0644 "$here/systemd/$kind$service" "$units/$service"
        changed "service: $units/$service"
        new=yes
    fi
    if ! can_enable; then
        say "systemd is missing: start it with: $command${server:+ --server}"
        return 0
    fi
    if [ -n "$new" ] && managed; then systemd daemon-reload; fi
    if [ "$(systemd is-enabled "$service" 2>/dev/null)" != enabled ]; then
        systemd enable --quiet "$service"
        changed "$service is enabled"
    fi
    if ! managed; then
        say "no service manager is running: $service starts at the next boot"
    elif [ -z "$start" ]; then
        :
    elif ! systemd is-active --quiet "$service"; then
        systemd start --no-block "$service"
        changed "$service was started"
    elif [ -n "$new$renewed" ]; then
        systemd restart --no-block "$service"
        changed "$service was restarted"
    fi
    if [ $scope = user ] && [ ! -e "/var/lib/systemd/linger/$(id -un)" ]; then
        say "it runs while you are logged in; to run it always: sudo loginctl enable-linger $(id -un)"
    fi
}

renewed=''
name_spaces
debian_packages
install_program
[ $scope = user ] || own_user
install_command
install_shell_files
write_configuration
install_service
if [ $changes = 0 ]; then
    say "everything is up to date; nothing was changed"
else
    next='satellite setup'
    [ -z "$server" ] || next='satellite models'
    if [ $scope = system ]; then
        next="sudo $next"
        say "to use it without sudo: sudo usermod -aG satellite ${SUDO_USER:-USER}, then log in again"
    fi
    say "done. Next: $next; the log: journalctl $journal ${service%.service} -f"
fi
