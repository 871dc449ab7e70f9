#!/bin/sh
# Write a complete add-on repository into a new folder: these files, and the source that the image is
# built from. The supervisor builds an add-on from its own folder alone.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 FOLDER" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=$1
if [ -e "$target" ] && [ -n "$(ls -A "$target")" ]; then
    echo "$target is not empty: name a new folder" >&2
    exit 1
fi
mkdir -p "$target"
target=$(cd "$target" && pwd)
case $target/ in
    "$root"/satellite/* | "$root"/servers/* | "$here"/*)
        echo "$target is inside of what is copied: name a folder elsewhere" >&2
        exit 1
        ;;
esac
cp "$here/repository.yaml" "$target/"
cp -R "$here/satellite" "$target/"
source=$target/satellite/source
mkdir "$source"
for name in pyproject.toml README.md LICENSE satellite servers; do
    cp -R "$root/$name" "$source/"
done
find "$source" -name __pycache__ -prune -exec rm -rf {} +
echo "wrote $target"
