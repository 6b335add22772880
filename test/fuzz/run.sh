#!/bin/sh
# run.sh: each fuzz target for $TIME seconds, or for $RUNS inputs, or $TARGET alone
# (http: http_fuzz.py).  Inputs that reach something new are kept in
# $BUILD/corpus/TARGET, made small again at the end, beside those of corpus.tar.gz,
# which make fuzz-keep writes anew.  An input that fails stays in $BUILD/found, and
# is run again by naming it.
set -u

here=$(dirname "$0")
found=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
if [ ! -d "$BUILD/corpus" ] && [ -f "$here/corpus.tar.gz" ]; then
	mkdir -p "$BUILD/corpus"
	tar -C "$BUILD/corpus" -xzf "$here/corpus.tar.gz"
fi
export UBSAN_OPTIONS=print_stacktrace=1

# merge CORPUS FROM...: what of it reaches something, into CORPUS.
merge() {
	kept=$1
	shift
	mkdir "$kept.new"
	if "$program" -merge=1 -rss_limit_mb=4096 "$kept.new" "$@" >/dev/null 2>&1; then
		rm -rf "$kept"
		mv "$kept.new" "$kept"
	else
		rm -rf "$kept.new"
	fi
}

fuzz() {
	program=$BUILD/fuzz_$1
	corpus=$BUILD/corpus/$1
	mkdir -p "$corpus" "$BUILD/found"
	dict=
	[ -f "$here/dict/$1.dict" ] && dict=-dict=$here/dict/$1.dict
	until=-max_total_time=$TIME
	[ -z "$RUNS" ] || until=-runs=$RUNS
	# shellcheck disable=SC2086
	if "$program" $dict "$until" -timeout=10 -max_len=4096 \
	    -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
	    -artifact_prefix="$BUILD/found/$1-" "$corpus" "$here/seeds/$1" \
	    >"$BUILD/$1.log" 2>&1; then
		merge "$corpus" "$corpus" "$here/seeds/$1"
		outcome='no finding'
	else
		outcome=FAILED
		found=1
	fi
	printf '%-10s %12s runs  %4s inputs  %s\n' "$1" \
	    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$BUILD/$1.log" | tail -n 1)" \
	    "$(find "$corpus" -type f | wc -l)" "$outcome"
	[ "$outcome" != FAILED ] || tail -n 40 "$BUILD/$1.log"
}

http() {
	"$PYTHON" "$here/http_fuzz.py" --seconds "$TIME" || found=1
}

if [ "$TARGET" = http ]; then
	http
elif [ -n "$TARGET" ]; then
	fuzz "$TARGET"
else
	for source in "$here"/fuzz_*.c; do
		name=$(basename "$source" .c)
		fuzz "${name#fuzz_}"
	done
	http
fi
exit $found
