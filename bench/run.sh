#!/bin/bash
# run.sh: make bench: measure carnet and the floors of this machine.
#
# The floor of a program is the least program that could do the same work, under the
# same lighttpd with as many processes.  The two take turns, round by round, because
# the speed of a machine drifts.  So the ratios mean more than the figures.
#
# Settings: RUNS (5) rounds of DURATION (3) seconds, CONNECTIONS (32) at once;
# QUICK=1: 2 rounds of 1 second, of some parts one.  Exit status 1 if any reply failed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${BUILD:-build}" && pwd)
if [ -n "${QUICK:-}" ]; then
	: "${RUNS:=2}" "${DURATION:=1}" "${RUNS_ALONE:=1}"
fi
RUNS=${RUNS:-5} RUNS_ALONE=${RUNS_ALONE:-${RUNS:-5}} DURATION=${DURATION:-3} CONNECTIONS=${CONNECTIONS:-32}
DURATION=${DURATION%s} connections=$CONNECTIONS
PATH=$PATH:/usr/sbin
PROCESSES=4 # of each floor in bench.conf; programs that issue tokens have up to 10
RSS_MAX_KB=8192
EMAIL=ada@example.org PASSWORD=correct-horse-battery

# The database is on a disk: /tmp may be memory, where a sync costs nothing.
scratch=$(mktemp -d "$build/bench-XXXXXX")
server=
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	[ -z "$server" ] || wait "$server" 2>/dev/null || :
	rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

die() {
	echo "bench: $*" >&2
	[ ! -s "$scratch/error.log" ] || tail -n 5 "$scratch/error.log" >&2
	exit 1
}

# ---- The site: programs, data and a server of its own ----

mkdir -p "$build/bench" "$scratch/www/guarded" "$scratch/www/pass" "$scratch/sock" "$scratch/tmp"
for program in hello least hashes pass; do
	${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra \
	    -o "$build/bench/$program" "$here/$program.c" \
	    -Wl,--as-needed -lfcgi -lgnutls -lsqlite3 -lcrypt
done

# Plain CGI programs are copied, as in an installation.  The kernel maps a file that
# a linker has just written in smaller pieces, and a start then costs a tenth more.
rm -rf "$build/bench/cgi"
mkdir -p "$build/bench/cgi/hello"
cp -r "$build/static/cgi-bin" "$build/bench/cgi/static"
cp -r "$build/cgi-bin" "$build/bench/cgi/dynamic"
"${CC:-cc}" -O2 -o "$build/bench/hello-dynamic" "$here/hello-cgi.c"
"${CC:-cc}" -O2 -static-pie -o "$build/bench/hello-static" "$here/hello-cgi.c"
cp "$build/bench/hello-dynamic" "$build/bench/hello-static" "$build/bench/cgi/hello"

port_is_free() {
	! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
until port=$((20000 + RANDOM % 12000)) && port_is_free $port; do :; done
url=http://127.0.0.1:$port
export CARNET_RUN=$scratch CARNET_BIN=$build/cgi-bin CARNET_PORT=$port
export CARNET_CONF=$scratch/carnet.conf CARNET_DEPLOY=$here/../deploy
export BENCH_BIN=$build/bench

carnet() {
	"$build/bin/carnet" "$@" || die "carnet $1 $2 failed"
}

# member NAME: a string member of the JSON on standard input
member() {
	sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

# form JSON FIELD...: the form that authenticates with the client in JSON
form() {
	local json=$1 id secret IFS='&'
	shift
	id=$(member client_id <<<"$json")
	secret=$(member client_secret <<<"$json")
	echo "client_id=$id&client_secret=$secret&$*"
}

carnet install --issuer "$url" >/dev/null
printf '[guard]\n/guarded = token\n' >>"$CARNET_CONF"
for folder in guarded pass; do
	echo '{"hello":"world"}' >"$scratch/www/$folder/static.txt"
done
carnet user add $EMAIL --name Ada --scope 'read-posts write-posts' \
    --password-stdin <<<"$PASSWORD" >/dev/null
machine=$(carnet client add --name es --grant client_credentials --json)
FORM_ES256=$(form "$machine" grant_type=client_credentials scope=read-posts)
machine=$(carnet client add --name rs --grant client_credentials --alg RS256 \
    --json)
FORM_RS256=$(form "$machine" grant_type=client_credentials scope=read-posts)
carnet keys generate --alg EdDSA >/dev/null
machine=$(carnet client add --name ed --grant client_credentials --alg EdDSA \
    --json)
FORM_EDDSA=$(form "$machine" grant_type=client_credentials scope=read-posts)
"$here/assertions.py" "$scratch/client.key" >"$scratch/client.jwks"
SIGNER=$(carnet client add --name signer --grant client_credentials \
    --jwks "$scratch/client.jwks" --json | member client_id)
person=$(carnet client add --name person --grant password --json)
FORM_PASSWORD=$(form "$person" grant_type=password username=$EMAIL \
    password=$PASSWORD scope=read-posts+write-posts)

lighttpd -D -f "$here/bench.conf" 2>"$scratch/lighttpd.log" &
server=$!
for ((tries = 0; tries < 100; tries++)); do
	port_is_free "$port" || break
	sleep 0.05
done
kill -0 $server 2>/dev/null || die "$(cat "$scratch/lighttpd.log")"

# ---- Memory ----

# workers: of each carnet process: its program and its id
workers() {
	local pid exe
	for pid in $(cat "/proc/$server/task/$server/children"); do
		exe=$(readlink "/proc/$pid/exe")
		case $exe in
		"$build"/cgi-bin/*) echo "${exe##*/} $pid" ;;
		esac
	done
}

# memory WHEN: a line for each process: program, WHEN, Rss and Pss in kB
memory() {
	workers | while read -r program pid; do
		awk -v program="$program" -v at="$1" '
		    /^(Rss|Pss):/ { kb[$1] = $2 }
		    END { print program, at, kb["Rss:"], kb["Pss:"] }
		' "/proc/$pid/smaps_rollup"
	done >>"$scratch/memory"
}

# mounts: the paths that fastcgi.conf gives to programs
mounts() {
	sed -n 's/^[ \t]*fastcgi.server = ("\([^"]*\)" => ((.*/\1/p' \
	    "$here/../deploy/lighttpd/fastcgi.conf"
}

# ---- Load ----

# load NAME SECONDS PATH: a line: name, requests/s, p50 and p99 in ms, failures
load() {
	wrk -t"${THREADS:-2}" -c"$CONNECTIONS" -d"$2s" --timeout 10s --latency \
	    -s "$here/request.lua" "$url$3" >"$scratch/wrk" || die "wrk failed"
	awk -v name="$1" '
	    function ms(t) {
		    return t ~ /us$/ ? t / 1000 : t ~ /ms$/ ? t + 0 : t * 1000
	    }
	    $1 == "50%" { p50 = ms($2) }
	    $1 == "99%" { p99 = ms($2) }
	    /Non-2xx/ { bad += $NF }
	    /Socket errors/ { gsub(",", ""); bad += $4 + $6 + $8 + $10 }
	    /^Requests\/sec/ { rate = $2 }
	    END { print name, rate, p50, p99, bad + 0 }' "$scratch/wrk"
}

# sign SECONDS: more requests than can be answered in so long, each good once
sign() {
	"$here/assertions.py" "$scratch/client.key" "$SIGNER" "$url" $(($1 * 12000)) \
	    >"$scratch/bodies"
}

# measure NAME SECONDS: one round of that row
measure() {
	case $1 in
	hello) TOKEN=$token load "$1" "$2" /hello ;; # the same request
	guarded) TOKEN=$token load "$1" "$2" '/api/posts?limit=20' ;;
	least-ES256) BODY=$FORM_ES256 load "$1" "$2" /least/ES256 ;;
	least-RS256) BODY=$FORM_RS256 load "$1" "$2" /least/RS256 ;;
	token-ES256) BODY=$FORM_ES256 load "$1" "$2" /oauth/token ;;
	token-RS256) BODY=$FORM_RS256 load "$1" "$2" /oauth/token ;;
	least-EdDSA) BODY=$FORM_EDDSA load "$1" "$2" /least/EdDSA ;;
	token-EdDSA) BODY=$FORM_EDDSA load "$1" "$2" /oauth/token ;;
	least-signed) BODIES=$scratch/bodies load "$1" "$2" /least/signed ;;
	token-signed) sign "$2" && BODIES=$scratch/bodies load "$1" "$2" /oauth/token ;;
	authorizer) TOKEN=$token load "$1" "$2" /guarded/static.txt ;;
	pass) TOKEN=$token load "$1" "$2" /pass/static.txt ;;
	password) BODY=$FORM_PASSWORD load "$1" "$2" /oauth/token ;;
	hashes) echo "$1" "$("$build/bench/hashes" "$2" "$(nproc)")" - - 0 ;;
	esac
}
export FORM_ES256 FORM_RS256 FORM_PASSWORD

# ---- The run ----

sleep 0.5
memory start
for program in posts token; do
	n=$(workers | grep -c "^$program ") || :
	[ "$n" = $PROCESSES ] ||
	    die "$program has $n processes, the floors $PROCESSES"
done

token=$(curl -sS "$url/oauth/token" -d "$FORM_PASSWORD" | member access_token)
[ -n "$token" ] || die 'no token for the user'
for ((post = 1; post <= 25; post++)); do
	curl -sSf -o /dev/null -H "Authorization: Bearer $token" --json "{
	    \"title\": \"Post $post\",
	    \"body\": \"A sentence or two, as long as this one is.\"
	}" "$url/api/posts" || die 'no post'
done

# What, and the floor that it is held against.
pairs='guarded hello
authorizer pass
token-ES256 least-ES256
token-RS256 least-RS256
token-EdDSA least-EdDSA
token-signed least-signed
password hashes'

echo "Measuring, $RUNS rounds of $DURATION s ..." >&2
while read -r what floor; do
	for name in $what $floor; do
		measure "$name" 1 >/dev/null
	done
	for ((round = 0; round < RUNS; round++)); do
		measure "$what" "$DURATION"
		measure "$floor" "$DURATION"
	done
done <<<"$pairs" >"$scratch/rounds"

# Pages against the guarded GET, each alone on one connection: what a person
# waits for.  Signed in, so that the account and consent pages do their work.
jar=$scratch/cookies
csrf=$(curl -sS -c "$jar" "$url/oauth/login" |
    sed -n 's/.*name="csrf_token" value="\([^"]*\)".*/\1/p')
curl -sSf -o /dev/null -b "$jar" -c "$jar" "$url/oauth/login" -d "email=$EMAIL" \
    -d "password=$PASSWORD" -d "csrf_token=$csrf" || die 'no sign-in'
COOKIE=$(awk '/carnet/ { print $6 "=" $7 }' "$jar")
export COOKIE
app=$(carnet client add --name app --grant authorization_code \
    --redirect-uri https://app.example/cb --public --json | member client_id)
consent="/oauth/authorize?response_type=code&client_id=$app\
&redirect_uri=https://app.example/cb&scope=read-posts\
&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
&code_challenge_method=S256"
for ((round = 0; round < RUNS_ALONE; round++)); do
	while read -r name path; do
		TOKEN=$token THREADS=1 CONNECTIONS=1 load "$name" 1 "$path"
	done <<-END
		guarded /api/posts?limit=20
		playground /oauth/playground
		login /oauth/login
		consent $consent
		device /oauth/device
		account /account
	END
done >"$scratch/pages"
unset COOKIE

# Plain CGI, each alone on one connection, against a hello world of its own kind
# of linking.
for ((round = 0; round < RUNS_ALONE; round++)); do
	for kind in static dynamic; do
		export THREADS=1 CONNECTIONS=1
		load "$kind hello" "$DURATION" "/cgi/hello/hello-$kind"
		TOKEN=$token load "$kind guarded" "$DURATION" \
		    "/cgi/$kind/posts?limit=20"
		BODY=$FORM_ES256 load "$kind token" "$DURATION" "/cgi/$kind/token"
	done
done >"$scratch/cgi"
unset THREADS CONNECTIONS
CONNECTIONS=$connections

# Each program's memory, with GETs and sign-ins of a user behind it.
loads=()
for path in $(mounts); do
	BODY=$FORM_PASSWORD TOKEN=$token MIX=1 THREADS=1 wrk -t1 -c"$CONNECTIONS" \
	    -d3s --timeout 10s -s "$here/request.lua" "$url$path" >/dev/null &
	loads+=($!)
done
wait "${loads[@]}"
sleep 0.5
memory load

# ---- The report ----

version() {
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo '?'
}
report() {
	local cpu os
	cpu=$(sed -n 's/^model name[ \t]*: //p' /proc/cpuinfo | head -n 1)
	os=$(uname -sr)
	cat <<END
# make bench

- $(date -u +%Y-%m-%d); $(nproc) cores, ${cpu:-$(uname -m)}; ${os%%-*}; \
the database on $(stat -f -c %T "$scratch")
- lighttpd $(version lighttpd), SQLite $(version libsqlite3-0), \
GnuTLS $(version libgnutls30), libfcgi $(version libfcgi0ldbl), \
libxcrypt $(version libcrypt1), wrk $(version wrk)
- $RUNS rounds of $DURATION s each, by turns with the floor; \
wrk -t2 -c$CONNECTIONS on the same machine; $PROCESSES processes a program, up to 10 that issue

END
	awk -v pairs="$pairs" -v max_kb=$RSS_MAX_KB \
	    -f "$here/median.awk" -f "$here/report.awk" \
	    "$scratch/rounds" "$scratch/memory"
	awk -f "$here/median.awk" -f "$here/pages.awk" "$scratch/pages"
	awk -f "$here/median.awk" -f "$here/cgi.awk" "$scratch/cgi"
}
report | tee "$scratch/results.md"
mv "$scratch/results.md" "$here/results.md"

if awk '$5 > 0 { failed = 1 } END { exit !failed }' "$scratch/rounds" \
    "$scratch/pages" || awk '$6 > 0 { failed = 1 } END { exit !failed }' \
    "$scratch/cgi"; then
	echo 'bench: some replies failed' >&2
	exit 1
fi
