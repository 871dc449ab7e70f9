#!/bin/sh
# The command of a system-wide installation. For root it acts as the service's user, with the
# service's configuration, models and keys. Other users reach the running service, if they can read
# its configuration.
set -eu
user=satellite
program=/opt/satellite/venv/bin/satellite
environment=/etc/satellite/environment

# as in the service's unit
use_service_environment() {
    unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_RUNTIME_DIR
    export HOME=/var/lib/satellite STATE_DIRECTORY=/var/lib/satellite
    export XDG_DATA_HOME=/var/lib XDG_CACHE_HOME=/var/cache
    umask 077
    [ -r "$environment" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        [A-Za-z_]*=\"*\") export "${line%%=*}=$(echo "${line#*=}" | sed 's/^"\(.*\)"$/\1/')" ;;
        [A-Za-z_]*=*) export "${line?}" ;;
        esac
    done <"$environment"
}

helped=''
for word; do
    case $word in --help | -h) helped=yes ;; esac
done

if [ "$(id -u)" = 0 ]; then
    use_service_environment
    groups=$(id -G $user | tr ' ' ,)
    case ${1-} in
    # these need root's rights: for files, the service manager, and other programs' processes
    setup | doctor | demo) exec setpriv --euid=$user --regid=$user --groups="$groups" "$program" "$@" ;;
    *) exec setpriv --reuid=$user --regid=$user --groups="$groups" "$program" "$@" ;;
    esac
elif [ "$(id -un 2>/dev/null)" = $user ]; then
    [ -n "${STATE_DIRECTORY-}" ] || use_service_environment
elif [ -z "$helped" ]; then
    case ${1-} in
    setup | models | pair | recordings | stats)
        echo "satellite: $1 concerns the service of this machine and needs root: sudo satellite $*" >&2
        exit 1
        ;;
    esac
fi
exec "$program" "$@"
