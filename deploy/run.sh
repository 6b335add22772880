#!/bin/sh
# run.sh: make run: on first start make a site in $RUN_DIR, then serve it.
set -eu

BUILD=${BUILD:-build} PORT=${PORT:-8080} RUN_DIR=${RUN_DIR:-run}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$RUN_DIR"
CARNET_RUN=$(cd "$RUN_DIR" && pwd)
CARNET_BIN=$(cd "$BUILD/cgi-bin" && pwd)
CARNET_PORT=$PORT
CARNET_CONF=$CARNET_RUN/carnet.conf
CARNET_DEPLOY=$here
export CARNET_RUN CARNET_BIN CARNET_PORT CARNET_CONF CARNET_DEPLOY
carnet=$BUILD/bin/carnet
url=http://127.0.0.1:$PORT
email=ada@example.org
password=correct-horse-battery

if ! command -v lighttpd >/dev/null; then
	PATH=$PATH:/usr/sbin
fi

umask 077
mkdir -p "$CARNET_RUN/www/guarded" "$CARNET_RUN/sock" "$CARNET_RUN/tmp"
cp "$here/demo/env" "$CARNET_RUN/www/guarded/env"
echo 'You may read and write.' >"$CARNET_RUN/www/guarded/all"
echo 'You may read or write.' >"$CARNET_RUN/www/guarded/any"

# The issuer names the port: another port on a later start is another issuer.
if [ -f "$CARNET_CONF" ]; then
	sed -i "s|^issuer = http://127.0.0.1:.*|issuer = $url|" "$CARNET_CONF"
fi
if [ ! -f "$CARNET_RUN/ready" ]; then
	"$carnet" install --issuer "$url" >"$CARNET_RUN/install.txt"
	echo "$password" | "$carnet" user add "$email" --name 'Ada Lovelace' \
	    --scope 'read-posts write-posts admin' --password-stdin >/dev/null ||
	    "$carnet" user list >/dev/null
	first=yes
fi
if ! grep -q '^\[guard\]' "$CARNET_CONF"; then
	cat >>"$CARNET_CONF" <<-EOF

	[guard]
	/guarded/all = all read-posts write-posts
	/guarded/any = any read-posts write-posts
	/guarded/env = all read-posts
	EOF
fi

lighttpd -D -f "$here/lighttpd/run.conf" &
pid=$!
trap 'kill $pid 2>/dev/null || :' INT TERM
trap 'kill $pid 2>/dev/null || :; wait $pid 2>/dev/null || :' EXIT

tries=0
until curl -s -o /dev/null "$url/oauth/jwks"; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 $pid 2>/dev/null; then
		echo "lighttpd does not answer on $url; see $CARNET_RUN/error.log" >&2
		exit 1
	fi
	sleep 0.1
done

# Something to read, made the way that any caller would.
if [ "${first-}" = yes ]; then
	token=$(curl -s "$url/api/oauth/password/token" -d "username=$email" \
	    -d "password=$password" -d scope=write-posts |
	    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
	for title in 'Hello' 'A carnet lets goods travel' 'Notes on the Analytical Engine'; do
		curl -s -o /dev/null "$url/api/posts" -H "Authorization: Bearer $token" \
		    -H 'Content-Type: application/json' \
		    -d "{\"title\":\"$title\",\"body\":\"An example post.\"}"
	done
	touch "$CARNET_RUN/ready"
fi

cat <<EOF
ready: $url

  playground  $url/oauth/playground
  sign in     $email  $password
  or          curl -s $url/api/oauth/password/token -d username=$email -d password=$password -d scope=read-posts

Everything it writes is in $RUN_DIR/.  Ctrl-C stops it.
EOF
wait $pid || :
