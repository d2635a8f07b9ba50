#!/bin/sh
# SPDX-License-Identifier: MIT
# weft-bench but for its measurements: each bad argument is refused with a message, before anything is measured; a file of
# figures comes back as tables, JSON, CSV; --compare finds a planted slow-down, and nothing in noise.
set -eu
bench=bench/weft-bench
top=${srcdir:-.}
if [ ! -x $bench ]; then
	echo 'skipped: weft-bench is not built'
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL
failed=0

complain() {
	echo "$*"
	failed=1
}

# run STATUS ARG...: weft-bench has to end so. What it says is in $work/out.
run() {
	wanted=$1
	shift
	status=0
	# EMULATOR may be a command with options.
	# shellcheck disable=SC2086
	${EMULATOR-} $bench "$@" >"$work/out" 2>&1 </dev/null || status=$?
	[ $status = "$wanted" ] || complain "weft-bench $*: status $status, not $wanted: $(head -3 "$work/out")"
}

# says TEXT: it has said so.
says() {
	grep -qF -e "$1" "$work/out" || complain "it does not say '$1': $(head -5 "$work/out")"
}

# refused TEXT ARG...: a mistake that is named, at once.
refused() {
	text=$1
	shift
	run 2 "$@"
	says "$text"
	[ "$(wc -l <"$work/out")" = 1 ] || complain "weft-bench $*: more than a line"
}

refused "no figure is called 'nonsense'" --bench nonsense
refused "no figure is called ''" --bench ''
refused "no figure is called ''" --bench create,
refused "no figure is called 'Create'" --bench chan,Create
refused "no model is called 'thread'" --model green,thread
refused "not '0'" --workers 0
refused "not '257'" --workers 257
refused "not 'two'" --workers two
refused "not '1,'" --workers 1,
refused "not '-1'" --workers=-1
refused "not '1,2,3,4,5,6,7,8,9'" --workers 1,2,3,4,5,6,7,8,9
refused "not '4000'" --pin 4000
refused "not '1-0'" --pin 1-0
refused "not '0;1'" --pin '0;1'
refused "not ''" --pin ''
refused "not '1x'" --seed 1x
refused "not '99999999999999999999'" --seed 99999999999999999999
refused '--quick or --full' --quick --full
refused "cannot write '$work/none/x'" --json "$work/none/x"
refused "cannot write '$work/none/x'" --csv "$work/none/x"
refused "cannot write '$work/none/x'" --html "$work/none/x"
refused "cannot read '$work/none'" --compare "$work/none"
refused "cannot read '$work/none'" --from "$work/none"
refused '--json wants a value' --json
refused "what is '--fast'?" --fast
refused "what is 'create'?" create

run 0 --list
says 'create'
[ "$(cut -c -80 "$work/out" | sort | uniq -d | wc -l)" = 0 ] || complain '--list says something twice'
run 0 --help
says '--compare'

# What there is, the page tells: options, figures, and the members of the file.
page=$top/docs/man/weft-bench.1
sed 's/\\-/-/g' "$page" >"$work/page"
grep -o -e '^  --[a-z-]*' "$work/out" | tr -d ' ' | while read -r option; do
	grep -q -e "^\.[BI]*.*$option" "$work/page" || echo "$option"
done >"$work/untold"
run 0 --list
awk '/^[a-z]/ { for (i = 1; i < NF && $i ~ /^[a-z][a-z0-9-]*$/ && $(i + 1) ~ /^(ns|us|ms|bytes|ratio|survivors|Mops|Melem|MB|req)/; i += 2) print $i }' \
	"$work/out" | sort -u >"$work/names"
[ "$(wc -l <"$work/names")" -gt 60 ] || complain 'the names of --list are not understood'
while read -r name; do
	grep -q -e "\(B \|fB\)$name\(\\\\f\|\$\)" "$work/page" || echo "$name"
done <"$work/names" >>"$work/untold"
[ ! -s "$work/untold" ] || complain "weft-bench(1) does not tell of $(tr '\n' ' ' <"$work/untold")"

# figures NAME FACTOR [DOUBT [PACE [STEP]]]: a file of them, in which one is that many times as slow, and the CPU. Rounds differ by STEP
# from one to the next, by 1 % among themselves.
figures() {
	awk -v factor="$2" -v doubt="${3-}" -v pace="${4-1}" -v step="${5-0.004}" '
		function row(bench, unit, value, last,   i) {
			printf "{\"bench\": \"%s\", \"model\": \"green\", \"workers\": 1, \"unit\": \"%s\", \"n\": 60, ", bench, unit
			printf "\"median\": %g, \"low\": %g, \"high\": %g, \"confidence\": 0.97, ", value, value * 0.99, value * 1.01
			printf "\"min\": %g, \"max\": %g, \"p99\": %g, \"rounds\": [", value * 0.98, value * 2, value * 1.1
			for (i = 0; i < 6; i++)
				printf "%s%g", i ? ", " : "", value * (1 + ((i * 5 + 2) % 6 - 2.5) * step)
			printf "], \"paces\": ["
			for (i = 0; i < 6; i++)
				printf "%s%g", i ? ", " : "", 0.25 * pace
			printf "]%s}%s\n", doubt == "" ? "" : ", \"doubt\": \"" doubt "\"", last ? "" : ","
		}
		BEGIN {
			print "{\"schema\": \"weft-bench/2\", \"cpu\": \"<CPU> & \\\"more\\\"\", \"cpus\": 2, \"date\": \"today\", \"rows\": ["
			row("yield-2", "ns", 7 * pace)
			row("create", "ns", 20 * factor)
			row("chan-stream", "Melem", 150 / factor, 1)
			print "]}"
		}' >"$work/$1"
}
figures base 1
figures noise 1.02
figures slow 1.10
figures fast 0.90
figures doubtful 1.10 'other programs took 1.0 CPUs'
figures slower_cpu 1.10 '' 1.10
figures slower_cpu_before 1 '' 1.02
figures slow_on_a_faster_cpu 1.045 '' 0.95
figures wide 1 '' 1 0.012
figures drifted 1.06 '' 1 0.012

run 0 --from "$work/base"
says 'yield-2'
says '20.0 ns'
awk 'length > 80' "$work/out" | grep . && complain 'a line of the table is longer than 80'

# One round says nothing of how far apart rounds lie.
grep -q 'had one round:' "$work/out" && complain 'six rounds are taken for one'
sed 's/\("[a-z]*s": \[[^],]*\),[^]]*\]/\1]/g' "$work/base" >"$work/one"
run 0 --from "$work/one"
says '3 had one round:'
[ "$(grep -c '^  green 1 .* once ' "$work/out")" = 3 ] || complain 'an interval is told of one round'

run 0 --from "$work/base" --compare "$work/base"
says '0 of 3 figures moved'
says '3 of 3 medians are within 5 %, 3 with the pace of the CPU taken out;'
says '3, 3 of the 3 that have rounds enough'
run 0 --from "$work/noise" --compare "$work/base"
says '0 of 3 figures moved'
run 3 --from "$work/slow" --compare "$work/base"
says 'create green 1'
says 'chan-stream green 1'
says '2 of 3 figures moved'
grep -q 'yield-2 green' "$work/out" && complain 'a figure that is the same has moved'
run 0 --from "$work/fast" --compare "$work/base"
says '2 of 3 figures moved'
run 0 --from "$work/doubtful" --compare "$work/base"
says '2 of 3 figures moved'
run 0 --from "$work/slower_cpu" --compare "$work/base"
says '0 of 3 figures moved'
says '0 of 3 medians are within 5 %, 3 with the pace'
run 0 --from "$work/drifted" --compare "$work/wide"
says '0 of 3 figures moved'
run 3 --from "$work/slow_on_a_faster_cpu" --compare "$work/base"
says '19.0 ns' # at the clock of the newer run
says '20.9 ns'
says '2 of 3 figures moved'
run 3 --from "$work/slow" --compare "$work/slower_cpu_before"
says '2 of 3 figures moved'

# tables NAME PAGES: those of one unit.
page=$(getconf PAGESIZE)
tables() {
	bytes=$((page * $2))
	echo "{\"schema\": \"weft-bench/2\", \"cpus\": 2, \"rows\": [{\"bench\": \"tables-1\", \"model\": \"fork\", \"workers\": 2," \
		"\"unit\": \"bytes\", \"n\": 6, \"size\": 1, \"median\": $bytes, \"low\": $bytes, \"high\": $bytes, \"confidence\": 0.97," \
		"\"min\": $bytes, \"max\": $bytes, \"p99\": $bytes, \"rounds\": [$bytes, $bytes, $bytes, $bytes, $bytes, $bytes]}]}" >"$work/$1"
}
tables thirteen 13
tables fourteen 14
tables fifteen 15
run 0 --from "$work/fourteen" --compare "$work/thirteen"
says '0 of 1 figures moved'
run 3 --from "$work/fifteen" --compare "$work/thirteen"
says '1 of 1 figures moved'

sed 's/<CPU>/older/' "$work/base" >"$work/elsewhere"
run 0 --from "$work/base" --compare "$work/elsewhere"
says 'of another CPU (older'
run 0 --from "$work/base" --compare "$work/base"
grep -q 'another CPU' "$work/out" && complain 'the same CPU is called another'

# There and back: nothing is lost, and it is JSON to others, too.
run 0 --from "$work/doubtful" --json "$work/again" --csv "$work/csv"
run 0 --from "$work/again" --json "$work/thrice"
grep -o '"[a-z_0-9]*": ' "$work/again" | tr -d '": ' | sort -u | while read -r member; do
	grep -q "\`$member\`" "$top/docs/bench-schema.md" || echo "$member"
done >"$work/members"
[ ! -s "$work/members" ] || complain "docs/bench-schema.md does not tell of $(tr '\n' ' ' <"$work/members")"
cmp "$work/again" "$work/thrice" || complain 'a file that is read and written again is another'
run 3 --from "$work/slow" --compare "$work/base" --json "$work/slow2"
run 3 --from "$work/slow2" --compare "$work/base"
[ "$(wc -l <"$work/csv")" = 4 ] || complain 'the CSV has not one line a figure'
awk -F, 'NF != 16 { print }' "$work/csv" | grep . && complain 'a line of the CSV has not 16 fields'
if command -v python3 >/dev/null; then
	python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert d["schema"] == "weft-bench/2" and len(d["rows"]) == 3' \
		"$work/again" || complain 'Python does not take the JSON'
fi

printf '{"schema": "weft-bench/1", "rows": []}' >"$work/old"
run 2 --from "$work/old"
says 'another version'
printf '{"rows": [' >"$work/cut"
run 2 --compare "$work/cut"
says 'is no JSON, at byte 10'
printf '{"schema": "weft-bench/2", "rows": [{"bench": "create"}]}' >"$work/poor"
run 2 --from "$work/poor"
says 'a row lacks'

# The figure is the median of its rounds, each at the fastest clock of all.
run 0 --bench call,loop --json "$work/paced"
awk '
	function numbers(name,   text) {
		text = $0
		if (!sub(".*\"" name "\": \\[", "", text) || !sub("].*", "", text))
			exit 1
		return split(text, list, ", ")
	}
	/"pace":/ { gsub("[^0-9.]", ""); pace = $0; next }
	/"bench"/ {
		median = $0
		sub(".*\"median\": ", "", median)
		n = numbers("rounds")
		for (i = 1; i <= n; i++)
			value[i] = list[i]
		numbers("paces")
		for (i = 1; i <= n; i++) {
			fastest = !fastest || list[i] + 0 < fastest ? list[i] + 0 : fastest
			value[i] *= pace / list[i]
			below += value[i] < median * 0.999
			above += value[i] > median * 1.001
		}
		if (below > n / 2 || above > n / 2)
			exit 1
		rows++
		below = above = 0
	}
	END { exit rows != 2 || fastest != pace }
' "$work/paced" || complain "a figure is not the median of its rounds at the fastest clock: $(cat "$work/paced")"

# Units really crash: who survives is told, and nothing is left of them.
bench=$(cd "$(dirname $bench)" && pwd)/weft-bench
mkdir "$work/cwd"
cd "$work/cwd"
# dash, bash and ksh have -c.
# shellcheck disable=SC3045
ulimit -c unlimited 2>/dev/null || true
run 0 --bench crash-null,crash-abort,crash-loop,crash-scribble,crash-exit,crash-null-told,crash-null-again \
	--model green,contained,pthread,fork --workers 2 --no-peers --json "$work/crash" --csv "$work/crash.csv" --html "$work/crash.html"
awk 'length > 80' "$work/out" | grep . && complain 'a line of the table is longer than 80'

# row FIGURE MODEL: its line of the JSON.
row() {
	grep "\"bench\": \"$1\", \"model\": \"$2\"" "$work/crash" || complain "there is no row for $1, $2"
}

# survive FIGURE MODEL NUMBER: so many have.
survive() {
	found=$(row "$1" "$2" | sed 's/.*"median": \([0-9.a-z]*\).*/\1/')
	[ "$found" = "$3" ] || complain "$1, $2: $found survive, not $3: $(row "$1" "$2")"
}
# Where processes are limited there are fewer.
others=$(row crash-null fork | sed 's/.*lost: 1 of \([0-9]*\).*/\1/')
others=$((others - 1))
survive crash-null green 0
survive crash-null pthread 0
survive crash-null fork $others
survive crash-exit pthread 0
survive crash-exit contained 0
survive crash-exit fork $others
survive crash-abort contained 0
survive crash-abort fork $others
survive crash-scribble fork $others
for model in green contained pthread; do
	row crash-scribble $model | grep -q '"median": [0-9]' || complain "crash-scribble, $model: no figure"
	row crash-scribble $model | grep -q 'lost: 1 of' && complain "crash-scribble, $model: only the culprit is lost"
done
for model in green contained pthread fork; do
	row crash-loop $model | grep -q '"n": [1-9]' || complain "crash-loop, $model: no figure"
	row crash-null-told $model | grep -q '"median": [0-9]' || complain "crash-null-told, $model: no time"
done
if row crash-null contained | grep -q -e 'this build of weft cannot' -e 'with link-time optimization weft cannot'; then
	echo 'not tried: this build cannot contain crashes'
else
	survive crash-null contained 99
	row crash-null contained | grep -q 'joined as crashed by SIGSEGV; lost: 1 of 100' ||
		complain 'the note of crash-null, contained, does not say what was lost'
	again=$(row crash-null-again contained | sed 's/.*"n": \([0-9]*\).*/\1/')
	case $again in
	0 | '' | *[!0-9]*) complain 'crash-null-again, contained: no figure' ;;
	*) [ $((again % 20)) = 0 ] || complain 'crash-null-again, contained: not each was replaced' ;;
	esac
fi
row crash-null pthread | grep -q 'the process dies of SIGSEGV; lost: 100 of 100' ||
	complain 'the note of crash-null, pthread, does not say what was lost'

# Who is interrupted tells what there is so far.
: >"$work/err"
# shellcheck disable=SC2086
${EMULATOR-} "$bench" --bench create,sleepers-wall --model green,pthread --no-peers --json "$work/part" >"$work/out" 2>"$work/err" &
interrupted=$!
until grep -q sleepers "$work/err" || ! kill -0 $interrupted; do sleep 0.1; done
kill -TERM $interrupted
wait $interrupted && complain 'it was interrupted, and does not say so by its status'
grep -q '"bench": "create", "model": "green", "workers": 1, .*"median": [0-9]' "$work/part" || complain 'what was measured before is lost'
grep -q 'sleepers-wall.*"median": null.*"note": "interrupted"' "$work/part" || complain 'it does not tell of what was not measured'

[ -z "$(ls -A)" ] || complain "a crash has left files: $(ls -A)"
for process in /proc/[0-9]*; do
	[ "$process" = /proc/$$ ] || [ "$(readlink "$process/cwd")" != "$work/cwd" ] || complain "a process is left: $process"
done
exit $failed
