#!/bin/sh
# The command where a service is installed for the whole machine. What root does with it, it does to
# the service: with its configuration, models and keys, and as its user. Others ask the service that
# runs, as far as they may read its configuration.
set -eu
user=satellite
program=/opt/satellite/venv/bin/satellite
environment=/etc/satellite/environment

# as in the service's unit
be_the_service() {
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
    be_the_service
    groups=$(id -G $user | tr ' ' ,)
    case ${1-} in
    # root's rights stay within reach: for files, the service's manager, and what others run
    setup | doctor | demo) exec setpriv --euid=$user --regid=$user --groups="$groups" "$program" "$@" ;;
    *) exec setpriv --reuid=$user --regid=$user --groups="$groups" "$program" "$@" ;;
    esac
elif [ "$(id -un 2>/dev/null)" = $user ]; then
    [ -n "${STATE_DIRECTORY-}" ] || be_the_service
elif [ -z "$helped" ]; then
    case ${1-} in
    setup | models | pair | recordings | stats)
        echo "satellite: $1 is about the service of this machine, and needs root: sudo satellite $*" >&2
        exit 1
        ;;
    esac
fi
exec "$program" "$@"
