#!/bin/sh
# spawn.sh start|stop|status [NAME...]: runs all programs, or those named, as FastCGI
# processes, for web servers that do not start them: nginx, and Apache with
# mod_proxy_fcgi.  Each program listens on $CARNET_RUN/NAME.sock.
#
#	CARNET=/srv/carnet     where cgi-bin/ is
#	CARNET_RUN=/run/carnet for sockets and lists of processes
#	CARNET_PROCESSES=4     of each program
#	CARNET_USER=www-data   if root starts them: the user who runs them, and
#	                       who may connect
#	CARNET_GUARD=127.0.0.1:924   the guard listens here and not on a socket,
#	                       because Apache's mod_authnz_fcgi needs a port.
#	                       Only root can listen below 1024: on a higher port
#	                       any user could take the guard's place while it is
#	                       down, and see the tokens
#
# start does not touch running processes, and replaces those that have ended: you can
# call it every minute.  status tells how many run, and fails if some do not.
set -eu

CARNET=${CARNET:-/srv/carnet}
CARNET_RUN=${CARNET_RUN:-/run/carnet}
CARNET_PROCESSES=${CARNET_PROCESSES:-4}
CARNET_USER=${CARNET_USER:-www-data}
CARNET_GUARD=${CARNET_GUARD-}
export CARNET CARNET_RUN
# /proc tells the real name of a directory
bin=$(cd "$CARNET/cgi-bin" && pwd -P)

# programs: their names
programs() {
	for file in "$bin"/*; do
		[ -f "$file" ] && [ -x "$file" ] && echo "${file##*/}"
	done
}

# running NAME: its live processes; a number that another process has now is none
running() {
	[ -f "$CARNET_RUN/$1.pid" ] || return 0
	while read -r pid || [ -n "$pid" ]; do
		exe=$(readlink "/proc/$pid/exe") || continue
		[ "${exe% (deleted)}" = "$bin/$1" ] && echo "$pid"
	done <"$CARNET_RUN/$1.pid" 2>/dev/null
	return 0
}

count() {
	running "$1" | wc -l
}

start_one() {
	[ "$(count "$1")" -ge "$CARNET_PROCESSES" ] && return
	stop_one "$1"
	name=$1
	set -- -P "$CARNET_RUN/$name.pid" -F "$CARNET_PROCESSES" -- "$bin/$name"
	if [ "$(id -u)" = 0 ]; then
		set -- -u "$CARNET_USER" -U "$CARNET_USER" "$@"
	fi
	if [ "$name" = guard ] && [ -n "$CARNET_GUARD" ]; then
		read -r free </proc/sys/net/ipv4/ip_unprivileged_port_start ||
		    free=1024
		[ "${CARNET_GUARD##*:}" -lt "$free" ] ||
		    echo "guard: any user may listen on $CARNET_GUARD while" \
		        "the guard is down; use a port below $free" >&2
		set -- -a "${CARNET_GUARD%:*}" -p "${CARNET_GUARD##*:}" "$@"
	else
		set -- -s "$CARNET_RUN/$name.sock" -M 0600 "$@"
	fi
	spawn-fcgi "$@" >/dev/null
}

# SIGTERM: a program finishes its request and ends.
tell_to_stop() {
	for pid in $(running "$1"); do
		kill "$pid" 2>/dev/null || :
	done
}

stop_one() {
	tell_to_stop "$1"
	tries=0
	while [ "$(count "$1")" != 0 ]; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ]; then
			echo "$1 does not end" >&2
			return 1
		fi
		sleep 0.1
	done
	rm -f "$CARNET_RUN/$1.sock" "$CARNET_RUN/$1.pid"
}

status_one() {
	n=$(count "$1")
	echo "$1 $n"
	[ "$n" -ge "$CARNET_PROCESSES" ]
}

verb=${1-}
case $verb in
start|stop|status) shift ;;
*)
	echo 'usage: spawn.sh start|stop|status [NAME...]' >&2
	exit 2
esac
[ $# -gt 0 ] || set -- $(programs)
mkdir -p "$CARNET_RUN"
rc=0
if [ "$verb" = stop ]; then # all programs together, not one after the other
	for program; do
		tell_to_stop "$program"
	done
fi
for program; do
	"${verb}_one" "$program" || rc=1
done
exit $rc
