#!/bin/sh
# bundle.sh BUILD VERSION: make bundle: a tarball for hosts where only files can
# be copied: the programs, linked statically, and what they need beside them.
set -eu

build=$1 version=$2
here=$(cd "$(dirname "$0")" && pwd)
name=carnet-$version-linux-$(uname -m)
out=$build/$name
rm -rf "$out"
mkdir -p "$out/cgi-bin"
install -m 755 "$build"/static/cgi-bin/* "$out/cgi-bin"
# One program, two URLs: no links on many hosts.
install -m 755 "$build/static/cgi-bin/login" "$out/cgi-bin/logout"
install -m 755 "$build/static/bin/carnet" "$out/carnet"
install -m 644 "$here/bundle/INSTALL" "$here/../carnet.conf.example" \
    "$here/../LICENSE" "$out"
install -m 644 "$here/apache/htaccess" "$out/htaccess"
for program in "$out"/cgi-bin/* "$out/carnet"; do
	readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
done | sort -u >"$out/LIBRARIES"
# The same files give the same tarball.
tar -C "$build" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@${SOURCE_DATE_EPOCH:-0}" -cf - "$name" | gzip -9n >"$out.tar.gz.new"
mv "$out.tar.gz.new" "$out.tar.gz"
rm -rf "$out"
echo "$out.tar.gz"
