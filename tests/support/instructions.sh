#!/bin/sh
# SPDX-License-Identifier: MIT
# How many instructions the hot paths take, by callgrind, is what bench/instructions.txt says. Exact, so a change is seen that no clock
# shows; but they are the compiler's too: only the one that is recorded there is held to it, at the usual flags, on x86_64.
#   instructions.sh            in the build directory: compare
#   instructions.sh --update   write the file anew
set -eu
top=${srcdir:-.}
recorded=$top/bench/instructions.txt
program=bench/weft-instructions
TOLERANCE=2 # percent: the linker's layout moves a few
LC_ALL=C
export LC_ALL

skip() {
	echo "skipped: $*"
	exit 77
}

compiler=$(${CC:-cc} --version 2>/dev/null | sed -n "1s/^[^ ]* //p") # without its name, which is gcc or cc
[ -x $program ] || skip "$program is not built"
[ -z "${EMULATOR-}" ] || skip 'under an emulator'
ls arch/x86_64/*switch.o >/dev/null 2>&1 || skip 'not the x86_64 port'
grep -q '^CFLAGS = -g -O2$' Makefile || skip 'not the usual CFLAGS'
! grep -q '^WEFT_CFLAGS = .*-fsanitize' Makefile || skip 'a build with sanitizers'
command -v valgrind >/dev/null || skip 'there is no valgrind'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# counts: a line "PATH INSTRUCTIONS" for each, by the difference of its two dumps; of the thread that ran it.
counts() {
	valgrind -q --tool=callgrind --separate-threads=yes --fair-sched=yes --callgrind-out-file="$work/out" "./$program" \
		>"$work/said" 2>&1 || { cat "$work/said" >&2; return 1; }
	awk '
		/^desc: Trigger: Client Request: / { name = $NF }
		/^(totals|summary):/ && name != "" {
			if ($2 + 0 > most[name]) most[name] = $2 + 0
			name = ""
		}
		END {
			for (name in most)
				if (sub(/-many$/, "", name))
					printf "%s %.1f\n", name, (most[name "-many"] - most[name "-few"]) / 2000
		}' "$work"/out.* 2>/dev/null | sort
}

wanted=$(sed -n 's/^# compiler: //p' "$recorded")
[ "${1-}" = --update ] || [ "$compiler" = "$wanted" ] || skip "compiled by '$compiler', recorded of '$wanted'"
counts >"$work/now"
[ -s "$work/now" ] || skip 'built without valgrind/callgrind.h'
if [ "${1-}" = --update ]; then
	{
		echo '# Instructions of the hot paths by callgrind; written by ./dev bench --gate-update, read by tests/support/instructions.sh.'
		echo "# compiler: $compiler"
		cat "$work/now"
	} >"$recorded"
	cat "$recorded"
	exit
fi

# Fewer are as good a reason to look: the file has to say what is so.
grep -v '^#' "$recorded" | awk -v tolerance=$TOLERANCE '
	FNR == NR { wanted[$1] = $2; next }
	!($1 in wanted) { print $1 ": not recorded"; bad = 1; next }
	{
		by = 100 * ($2 / wanted[$1] - 1)
		far = by > tolerance || by < -tolerance
		printf "%-18s %9.1f, recorded %9.1f, %+6.1f %%%s\n", $1, $2, wanted[$1], by, far ? "  FAR" : ""
		bad = bad || far
		delete wanted[$1]
	}
	END {
		for (name in wanted) { print name ": not counted"; bad = 1 }
		exit bad
	}' - "$work/now" || {
	echo "A hot path takes others than recorded by more than $TOLERANCE %. If that is meant: ./dev bench --gate-update, and commit the file."
	exit 1
}
