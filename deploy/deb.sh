#!/bin/sh
# deb.sh BUILD VERSION: make deb: the Debian package.  It is built from a copy of the
# source, because dpkg-buildpackage writes beside the source.
set -eu

mkdir -p "$1/deb"
dir=$(cd "$1/deb" && pwd)
source=$dir/carnet-$2
cd "$(dirname "$0")/.."
rm -rf "$source" "$dir"/*.deb
mkdir "$source"
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files -z | tar --null -T - -cf -
else
	tar --exclude=./build --exclude=./run -cf - .
fi | tar -C "$source" -xf -
# The package has its own rules: make's settings are not for it.
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR
(cd "$source" && dpkg-buildpackage -us -uc -b) >"$dir/log" 2>&1 || {
	tail -n 40 "$dir/log" >&2
	echo "all of it: $dir/log" >&2
	exit 1
}
rm -rf "$source"
ls "$dir"/libapache2-mod-carnet_*.deb "$dir"/carnet-pgsql_*.deb "$dir"/libnginx-mod-carnet_*.deb
ls "$dir"/carnet_*.deb
