#!/bin/sh
# cluster.sh: a whole cluster on this machine, from the files for real ones: three etcd,
# three PostgreSQL under Patroni, HAProxy, two front ends (doc/cluster.md).
#
#	cluster.sh up		make it in $CLUSTER_DIR, or start it again
#	cluster.sh down		stop all of it; what it has stored stays
#	cluster.sh stop NAME	stop one part: etcd1, pg1, haproxy, front1, ...
#	cluster.sh start NAME	start it again
#	cluster.sh status	each part and its process
#	cluster.sh patronictl ARGUMENT...
#
# $CLUSTER_PORT is the first of its ports, a multiple of 100; all are on 127.0.0.1.  If
# $CLUSTER_DIR has a network namespace machine1 (ip-netns(8)), and 2, and 3, the database
# and etcd run there, as on machines of their own, with the addresses of the files.
# Started by root, PostgreSQL and Patroni run as the user postgres.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$here/../../build/pgsql}
BUILD=$(cd "$BUILD" && pwd)
CLUSTER_PORT=${CLUSTER_PORT:-18000}
mkdir -p "${CLUSTER_DIR:=$BUILD/cluster}"
dir=$(cd "$CLUSTER_DIR" && pwd)
CLUSTER_DIR=$dir
port=${CLUSTER_PORT%00}
url=http://127.0.0.1:${port}00
parts='etcd1 etcd2 etcd3 pg1 pg2 pg3 haproxy front1 front2'
PATH=$PATH:/usr/sbin
export BUILD CLUSTER_DIR CLUSTER_PORT
umask 077

die() {
	echo "cluster.sh: $*" >&2
	exit 1
}

# machine N: its address
machine() {
	if [ -e "$dir/machine1" ]; then
		printf '%s\n' "10.0.0.1$1"
	else
		echo 127.0.0.1
	fi
}

# The files of three machines are for 10.0.0.11 to 13: here each has ports of its own.
localize() {
	at=$(machine '\1')
	sed -E -e '/^#/d' \
	    -e "s/10\.0\.0\.1([123]):2379/$at:${port}1\1/g" \
	    -e "s/10\.0\.0\.1([123]):2380/$at:${port}2\1/g" \
	    -e "s/10\.0\.0\.1([123]):5432/$at:${port}3\1/g" \
	    -e "s/10\.0\.0\.1([123]):8008/$at:${port}4\1/g" \
	    -e "s/10\.0\.0\.2([12]):8080/127.0.0.1:${port}5\1/g" \
	    -e "s/^PG([123])_CHECK=.*/PG\1_CHECK=${port}4\1/" \
	    -e "s/^SITE=.*/SITE=127.0.0.1:${port}00/" \
	    -e "s/^DATABASE=.*/DATABASE=127.0.0.1:${port}01/"
}

# of_machine N: the file of machine1 becomes that of machine N; lists of all stay
of_machine() {
	sed -E "/^(ETCD_INITIAL_CLUSTER|PATRONI_ETCD_HOSTS)=/!{
	    s/machine1/machine$1/g
	    s/10\.0\.0\.11/10.0.0.1$1/g
	}"
}

# is_root: may we, and must we, become another user for PostgreSQL?
is_root() {
	[ "$(id -u)" = 0 ]
}

make_files() {
	[ -f "$dir/secrets" ] || for name in superuser replication restapi carnet; do
		echo "$name=$(od -An -tx1 -N16 /dev/urandom | tr -d ' \n')"
	done >"$dir/secrets.new"
	[ -f "$dir/secrets" ] || mv "$dir/secrets.new" "$dir/secrets"
	. "$dir/secrets"
	chmod 711 "$dir" # for postgres
	bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	for n in 1 2 3; do
		mkdir -p "$dir/etcd$n" "$dir/pg$n"
		of_machine $n <"$here/etcd.env" | localize |
		    sed "s|^ETCD_DATA_DIR=.*|ETCD_DATA_DIR=$dir/etcd$n/data|" >"$dir/etcd$n.env"
		of_machine $n <"$here/patroni.env" | localize |
		    sed -e "s|/var/lib/postgresql/carnet|$dir/pg$n|" \
			-e "s|_BIN_DIR=.*|_BIN_DIR=$bin|" \
			-e "s|=superuser-password|=$superuser|" \
			-e "s|=replication-password|=$replication|" \
			-e "s|=restapi-password|=$restapi|" >"$dir/pg$n.env"
		cp "$here/patroni.yml" "$dir/pg$n/patroni.yml"
		is_root && chown -R postgres "$dir/pg$n"
	done
	localize <"$here/haproxy.env" >"$dir/haproxy.env"
}

# as_machine N COMMAND...: become that command, in the network of machine N
as_machine() {
	at=$dir/machine$1
	shift
	[ ! -e "$at" ] || set -- nsenter --net="$at" "$@"
	exec "$@"
}

# run NAME: become that part
run() {
	if [ -f "$dir/$1.env" ]; then
		set -a
		. "$dir/$1.env"
		set +a
	fi
	case $1 in
	etcd*)
		as_machine "${1#etcd}" etcd
		;;
	pg*)
		cd "$dir/$1"
		export HOME="$dir/$1"
		if is_root; then
			as_machine "${1#pg}" setpriv --reuid postgres --regid postgres \
			    --init-groups patroni "$dir/$1/patroni.yml"
		fi
		exec patroni "$dir/$1/patroni.yml"
		;;
	haproxy)
		exec haproxy -db -f "$here/haproxy.cfg"
		;;
	front*)
		export CARNET_RUN="$dir/$1" CARNET_CONF="$dir/$1/carnet.conf"
		export CARNET_BIN="$BUILD/cgi-bin" CARNET_PORT="${port}5${1#front}"
		export CARNET_DEPLOY="${here%/*}"
		exec "$BUILD/deploy/keep" "$CARNET_PORT" "$CARNET_RUN" "$BUILD/deploy/keep" \
		    --as-socket-unit lighttpd -D -f "$CARNET_DEPLOY/lighttpd/run.conf"
		;;
	esac
	die "no part $1; there are: $parts"
}

# keep NAME: run it, and again a second after its end, until SIGTERM; as systemd does
keep() {
	is_over='' child=''
	trap 'is_over=yes; kill "$child" 2>/dev/null || :' TERM
	while [ -z "$is_over" ]; do
		( trap - TERM; run "$1" ) &
		child=$!
		[ -z "$is_over" ] || kill "$child" 2>/dev/null || :
		echo "$child" >"$dir/$1.pid"
		wait "$child" || :
		[ -z "$is_over" ] || wait "$child" || :
		sleep 1
	done
	rm -f "$dir/$1.pid"
}

# is_kept NAME: is there a keeper of this part?
is_kept() {
	[ -f "$dir/$1.keeper" ] &&
	    tr '\0' ' ' <"/proc/$(cat "$dir/$1.keeper")/cmdline" 2>/dev/null |
	    grep -q "cluster.sh keep $1 "
}

start() {
	case " $parts " in *" $1 "*) ;; *) die "no part $1; there are: $parts" ;; esac
	is_kept "$1" && return
	setsid sh "$here/cluster.sh" keep "$1" >>"$dir/$1.log" 2>&1 </dev/null &
	echo $! >"$dir/$1.keeper"
}

# end PID: wait until the process is gone; after a minute end it and its group by force
end() {
	tries=0
	while kill -0 "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || kill -9 "-$1" 2>/dev/null || kill -9 "$1" 2>/dev/null || :
		sleep 0.1
	done
}

# Patroni may have been killed before it could stop its PostgreSQL.
stop_postgres() {
	pid=$(head -n 1 "$dir/$1/data/postmaster.pid" 2>/dev/null) || return 0
	if [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$dir/$1/data" ]; then
		kill -INT "$pid"
		end "$pid"
	fi
}

stop() {
	if is_kept "$1"; then
		kill -TERM "$(cat "$dir/$1.keeper")" 2>/dev/null || :
		end "$(cat "$dir/$1.keeper")"
	fi
	case $1 in pg*) stop_postgres "$1" ;; esac
	rm -f "$dir/$1.keeper" "$dir/$1.pid"
}

# until_true SECONDS WHAT COMMAND...
until_true() {
	left=$(($1 * 5)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || die "$what; see the logs in $dir"
		sleep 0.2
	done
}

# A primary takes writes, and a standby has each of them.
is_replicated() {
	curl -s --max-time 5 "http://$(machine 1):${port}41/cluster" | grep -q sync_standby
}

# sql DATABASE: run what comes on standard input on the primary, as the superuser
sql() {
	PGPASSWORD=$superuser psql -h 127.0.0.1 -p "${port}01" -U postgres -d "$1" \
	    -XAtq -v ON_ERROR_STOP=1
}

has_primary() {
	echo 'SELECT 1' | sql postgres
}

make_database() {
	if [ "$(echo "SELECT count(*) FROM pg_roles WHERE rolname = 'carnet'" |
	    sql postgres)" = 0 ]; then
		echo "CREATE ROLE carnet LOGIN PASSWORD '$carnet'" | sql postgres
	fi
	if [ "$(echo "SELECT count(*) FROM pg_database WHERE datname = 'carnet'" |
	    sql postgres)" = 0 ]; then
		echo 'CREATE DATABASE carnet OWNER carnet' | sql postgres
	fi
}

# make_front N: front 1 is the first, and gives the others its files
make_front() {
	front=$dir/front$1
	mkdir -p "$front/www" "$front/sock" "$front/tmp" "$front/data"
	if [ "$1" != 1 ]; then
		cp -R "$dir/front1/carnet.conf" "$dir/front1/keys" "$front/"
		return
	fi
	[ ! -f "$front/whole" ] || return 0
	# The password is in the file, and no argument of a program that ps would show.
	cat >"$front/carnet.conf" <<-END
	issuer = $url
	database = postgresql://carnet:$carnet@127.0.0.1:${port}01/carnet

	[scopes]
	read-posts = Read posts
	write-posts = Write posts
	admin = privileged: Delete posts

	[throttle]
	trusted_proxies = 127.0.0.1
	END
	CARNET_CONF=$front/carnet.conf "$BUILD/bin/carnet" install >"$front/install.txt"
	echo correct-horse-battery | CARNET_CONF=$front/carnet.conf "$BUILD/bin/carnet" \
	    user add ada@example.org --scope 'read-posts write-posts admin' \
	    --password-stdin >/dev/null || :
	touch "$front/whole"
}

up() {
	for program in etcd patroni haproxy lighttpd psql curl setpriv; do
		command -v $program >/dev/null ||
		    die "no program $program: sh deploy/deps.sh cluster installs it"
	done
	[ -x "$BUILD/bin/carnet" ] || die "no $BUILD/bin/carnet: make pgsql builds it"
	make_files
	for part in etcd1 etcd2 etcd3 pg1 pg2 pg3 haproxy; do
		start $part
	done
	until_true 180 'no standby has what the primary has' is_replicated
	until_true 60 'HAProxy has no primary' has_primary
	make_database
	for n in 1 2; do
		make_front $n
		start front$n
	done
	until_true 60 "$url does not answer" curl -s -f --max-time 5 "$url/oauth/jwks"
	echo "ready: $url"
}

# The front ends first, etcd last.
down() {
	for part in front2 front1 haproxy; do
		stop $part
	done
	# The standbys first, so that nobody takes over what is to be stopped.
	for n in 1 2 3; do
		curl -s -o /dev/null -f --max-time 2 "http://$(machine $n):${port}4$n/primary" ||
		    stop pg$n
	done
	for part in pg1 pg2 pg3 etcd1 etcd2 etcd3; do
		stop $part
	done
}

status() {
	for part in $parts; do
		if is_kept $part; then
			echo "$part $(cat "$dir/$part.pid" 2>/dev/null)"
		else
			echo "$part stopped"
		fi
	done
}

case ${1-} in
up|down|status)
	$1
	;;
start|stop)
	[ $# = 2 ] || die "$1 NAME"
	$1 "$2"
	;;
keep)
	keep "$2"
	;;
patronictl)
	shift
	set -a
	. "$dir/pg1.env"
	set +a
	exec patronictl -c "$dir/pg1/patroni.yml" "$@"
	;;
*)
	sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
