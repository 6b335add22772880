#!/bin/bash
# build.sh DIR: make nginx: the module, for Debian's nginx, with the files of nginx-dev.
# nginx loads only a module that was built with its own options.
set -eu

mkdir -p "$1"
dir=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/.." && pwd)
if ! [ -e "$dir/src/configure" ]; then
	cp -r /usr/share/nginx/src "$dir/src"
fi
cd "$dir/src"
. ./conf_flags
if ! [ -e objs/Makefile ] || [ "$top/nginx/config" -nt objs/Makefile ]; then
	./configure "${NGX_CONF_FLAGS[@]}" --add-dynamic-module="$top/nginx" \
	    --with-cc-opt="${NGINX_CFLAGS--O2 -g}" >"$dir/configure.log" 2>&1 || {
		tail -n 20 "$dir/configure.log" >&2
		exit 1
	}
fi
make -s -f objs/Makefile modules >"$dir/make.log" 2>&1 || {
	cat "$dir/make.log" >&2
	exit 1
}
mv objs/ngx_http_carnet_module.so "$dir/"
