#!/bin/sh
# bundle.sh BUILD VERSION: make bundle: a tarball for hosts where only files can
# be copied: one file that is all programs and the command, linked statically, and
# what it needs beside it.
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
# The same rules, which lead to the one file, and name the program behind it.
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
