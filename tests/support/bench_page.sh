#!/bin/sh
# SPDX-License-Identifier: MIT
# The page of weft-bench --html: it is one file that asks for nothing from elsewhere, its answer follows the figures, and
# headless Chromium, if there is one, renders it, on a telephone's width too.
set -eu
bench=bench/weft-bench
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ ! -x $bench ]; then
	echo 'skipped: weft-bench is not built'
	exit 77
fi
if [ -z "$chromium" ]; then
	echo 'skipped: there is no Chromium (Debian: apt-get install chromium)'
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
LC_ALL=C.UTF-8
HOME=$work
export LC_ALL HOME
failed=0

complain() {
	echo "$*"
	failed=1
}

# figures NAME GREEN PTHREAD FORK: create takes so long.
figures() {
	name=$1
	shift
	{
		echo '{"schema": "weft-bench/2", "cpu": "<b>&\"CPU\"</b>", "cpus": 2, "date": "today", "effort": "quick", "rows": ['
		for model in green pthread fork; do
			printf '{"bench": "create", "model": "%s", "workers": 1, "unit": "ns", "n": 6, "median": %s, "low": %s, "high": %s, "confidence": 0.97, "min": %s, "max": %s, "p99": %s, "rounds": []},\n' \
				$model "$1" "$1" "$1" "$1" "$1" "$1"
			shift
		done
		echo '{"bench": "mq", "model": "green", "workers": 1, "unit": "ns", "n": 0, "median": null, "note": "<none> & why"}]}'
	} >"$work/$name.json"
	# shellcheck disable=SC2086
	${EMULATOR-} $bench --from "$work/$name.json" --html "$work/$name.html" >/dev/null
}

# seen NAME WIDTH: its text as the browser has it, tags taken off.
seen() {
	timeout 100 "$chromium" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" --window-size="$2",900 \
		--dump-dom "file://$work/$1.html" 2>"$work/errors" | sed 's/<[^>]*>/ /g' >"$work/seen"
}

figures usual 20 20000 100000
figures odd 90000 20000 100000

grep -nEi '(src|href)="?(https?:)?//|@import|url\(' "$work/usual.html" && complain 'the page asks for something from elsewhere'
seen usual 1200
[ -s "$work/seen" ] || { cat "$work/errors"; complain 'Chromium shows nothing'; }
for text in 'Which should I use' 'green threads' '20.0 µs|20.0 us' 'why' 'Machine and method' '<b>|&lt;b&gt;'; do
	grep -qE "$text" "$work/seen" || complain "the page does not show '$text'"
done
tr '\n' ' ' <"$work/seen" | grep -q 'a thread of its own *green threads' || complain 'green threads are the cheapest, but not the answer'
seen odd 400
tr '\n' ' ' <"$work/seen" | grep -q 'a thread of its own *kernel threads' || complain 'kernel threads are the cheapest, but not the answer'

timeout 100 "$chromium" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/profile" --window-size=400,900 \
	--screenshot="$work/shot.png" "file://$work/usual.html" >/dev/null 2>&1 || true
[ -s "$work/shot.png" ] || complain 'no screenshot of it'
exit $failed
