#!/bin/sh
# bundle.sh BUILD VERSION: make bundle: a tarball for hosts to which one can only
# copy files.  It has one static file, which is all programs and the command, and
# the files that it needs.
set -eu

build=$1 version=$2
here=$(cd "$(dirname "$0")" && pwd)
name=carnet-$version-linux-$(uname -m)
out=$build/$name
rm -rf "$out"
mkdir -p "$out/cgi-bin"
install -m 755 "$build/static/carnet.cgi" "$out/cgi-bin"
install -m 644 "$here/bundle/INSTALL" "$here/../carnet.conf.example" \
    "$here/../LICENSE" "$out"
# The same rules lead to the one file, with the program's name after it.
sed -e 's|^\(RewriteRule .* cgi-bin/\)|\1carnet.cgi/|' \
    -e 's|^\(RewriteRule ^oauth/(\)token|\1setup\|token|' "$here/apache/htaccess" >"$out/htaccess"
chmod 644 "$out/htaccess"
readelf -d "$out/cgi-bin/carnet.cgi" |
    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >"$out/LIBRARIES"
# The same files give the same tarball.
tar -C "$build" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@${SOURCE_DATE_EPOCH:-0}" -cf - "$name" | gzip -9n >"$out.tar.gz.new"
mv "$out.tar.gz.new" "$out.tar.gz"
rm -rf "$out"
echo "$out.tar.gz"
