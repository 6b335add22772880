#!/bin/sh
# run.sh: make run: make a site in $RUN_DIR if there is none, then serve it.
set -eu

BUILD=${BUILD:-build} HOST=${HOST:-127.0.0.1} PORT=${PORT:-8080} RUN_DIR=${RUN_DIR:-run}
here=$(cd "$(dirname "$0")" && pwd)
keep=$BUILD/deploy/keep
umask 077
case $HOST in
127.0.0.1|localhost) ;;
*)
	echo "HOST=$HOST: it serves 127.0.0.1 alone; HOST is localhost or 127.0.0.1" >&2
	exit 1
	;;
esac

# Start again under keep.c.  It takes the port before anything is made, and ends all
# that is started here.
if [ -z "${CARNET_KEPT-}" ]; then
	mkdir -p "$RUN_DIR"
	CARNET_KEPT=yes exec "$keep" "$PORT" "$RUN_DIR" sh "$0"
fi
unset CARNET_KEPT
CARNET_RUN=$(cd "$RUN_DIR" && pwd)
CARNET_BIN=$(cd "$BUILD/cgi-bin" && pwd)
CARNET_PORT=$PORT
CARNET_CONF=$CARNET_RUN/carnet.conf
CARNET_DEPLOY=$here
export CARNET_RUN CARNET_BIN CARNET_PORT CARNET_CONF CARNET_DEPLOY
carnet=$BUILD/bin/carnet
url=http://$HOST:$PORT
email=ada@example.org
password=correct-horse-battery
PATH=$PATH:/usr/sbin # lighttpd

# ask PROGRAM JSON: print the program's answer; plain CGI needs no web server
ask() {
	printf %s "$2" | REQUEST_METHOD=POST SCRIPT_NAME=/$1 REMOTE_ADDR=127.0.0.1 \
	    CONTENT_TYPE=application/json CONTENT_LENGTH=${#2} \
	    SERVER_PROTOCOL=HTTP/1.1 "$CARNET_BIN/$1"
}

# make_site DIR: make a site with a user and some posts
make_site() {
	CARNET_CONF=$1/carnet.conf
	"$carnet" install --issuer "$url" ${DATABASE:+--database "$DATABASE"} >"$1/install.txt"
	cat >>"$CARNET_CONF" <<-EOF

	[guard]
	/guarded/all = all read-posts write-posts
	/guarded/any = any read-posts write-posts
	/guarded/env = all read-posts
	EOF
	echo "$password" | "$carnet" user add "$email" --name 'Ada Lovelace' \
	    --scope 'read-posts write-posts admin' --password-stdin >/dev/null
	token=$(ask password-token "{\"username\":\"$email\",
	    \"password\":\"$password\",\"scope\":\"write-posts\"}" |
	    sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
	for title in 'Hello' 'A carnet lets goods travel' 'Notes on the Analytical Engine'; do
		HTTP_AUTHORIZATION="Bearer $token" ask posts \
		    "{\"title\":\"$title\",\"body\":\"An example post.\"}" |
		    grep -q '^Status: 201'
	done
	CARNET_CONF=$CARNET_RUN/carnet.conf
}

# Make a new site in .making, and move it when it is whole, the configuration last.
# If that was interrupted, the next start makes it again, or moves what is left.
new=$CARNET_RUN/.making is_new=
if [ ! -f "$CARNET_CONF" ]; then
	if [ ! -f "$new/whole" ]; then
		rm -rf "$new"
		mkdir "$new"
		make_site "$new"
		sed -i "s|$new/|$CARNET_RUN/|" "$new/install.txt"
		touch "$new/whole"
	fi
	for part in "$new"/*; do
		case ${part##*/} in carnet.conf|whole) continue ;; esac
		if [ -e "$CARNET_RUN/${part##*/}" ]; then
			echo "$RUN_DIR/${part##*/} is in the way, and there is no" \
			    "$RUN_DIR/carnet.conf: move it away" >&2
			exit 1
		fi
		mv "$part" "$CARNET_RUN/"
	done
	mv "$new/carnet.conf" "$CARNET_CONF"
	is_new=yes
fi
rm -rf "$new"
# The issuer has host and port, which may be others than on the last start.
sed -i -E "s,^issuer = http://(127\.0\.0\.1|localhost):.*,issuer = $url," "$CARNET_CONF"
# Mail goes to files.  Who set up another way keeps it.
if grep -q "^mail_command = .*/demo/mail\"" "$CARNET_CONF"; then
	sed -i '/^mail_command = .*\/demo\/mail"/d' "$CARNET_CONF"
fi
if ! grep -q -E '^(mail_command|smtp) *=' "$CARNET_CONF"; then
	sed -i '/^mail_from *=/d' "$CARNET_CONF"
	mail='mail_from = carnet@localhost\nmail_command = "'$here'/demo/mail" "'$CARNET_RUN'/mail"'
	sed -i "/^issuer *=/a $mail" "$CARNET_CONF"
fi
if [ -n "$is_new" ]; then # with mail, people can come by themselves
	sed -i '/^mail_command *=/a sign_up = open' "$CARNET_CONF"
fi
"$carnet" install >/dev/null # a database of an older version is upgraded

# The client of the playground's second tab; its address may be another on each start.
client=$(sed -n 's/^playground_client *= *//p' "$CARNET_CONF")
uris="--redirect-uri $url/oauth/playground --post-logout-redirect-uri $url/oauth/playground"
if [ -z "$client" ]; then
	client=$("$carnet" client add --json --name Playground --public $uris \
	    --grant authorization_code | sed -n 's/.*"client_id":"\([^"]*\)".*/\1/p')
	sed -i "/^issuer *=/a playground_client = $client" "$CARNET_CONF"
else # who deleted it is not held up
	"$carnet" client edit "$client" $uris >/dev/null || :
fi

mkdir -p "$CARNET_RUN/www/guarded" "$CARNET_RUN/sock" "$CARNET_RUN/tmp"
cp "$here/demo/env" "$CARNET_RUN/www/guarded/env"
echo 'You may read and write.' >"$CARNET_RUN/www/guarded/all"
echo 'You may read or write.' >"$CARNET_RUN/www/guarded/any"

"$keep" --as-socket-unit lighttpd -D -f "$here/lighttpd/run.conf" &
pid=$!
exec 3>&- # the port is lighttpd's alone

# The courier sends mail.  Like lighttpd it ends with this shell.
start_courier() {
	"$keep" --as-socket-unit env -u LISTEN_PID -u LISTEN_FDS \
	    "$carnet" courier --follow >>"$CARNET_RUN/courier.log" 2>&1 </dev/null &
	courier=$!
}
start_courier

tries=0
until curl -s -f -o /dev/null --max-time 5 "$url/oauth/jwks"; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 $pid 2>/dev/null; then
		echo "lighttpd does not answer on $url; see $CARNET_RUN/error.log" >&2
		exit 1
	fi
	sleep 0.1
done

cat <<EOF
ready: $url

  playground  $url/oauth/playground
  sign in     $email  $password
  or          curl -s $url/api/oauth/password/token -d username=$email -d password=$password -d scope=read-posts

Mails are files in $RUN_DIR/mail/.  Everything it writes is in $RUN_DIR/.  Ctrl-C stops it.
EOF
while kill -0 $pid 2>/dev/null; do
	kill -0 $courier 2>/dev/null || start_courier
	sleep 1
done
echo "lighttpd has ended; see $CARNET_RUN/error.log" >&2
exit 1
