#!/bin/sh
# SPDX-License-Identifier: MIT
# What the port's assembly tells the linker, in each FILE given (objects, libraries, programs; READELF names the tool):
# no executable stack, no text relocations, functions with a type and a size, hidden, with unwind tables.
# Without arguments, FILES from the environment is used; without that it skips.
set -u

READELF=${READELF:-readelf}
[ $# -gt 0 ] || eval "set -- ${FILES:-}"
if [ $# -eq 0 ]; then
	echo "skipped: no files given"
	exit 77
fi
if ! command -v "$READELF" >/dev/null; then
	echo "skipped: no $READELF"
	exit 77
fi
failures=0

fail() {
	echo "$1: $2" >&2
	failures=$((failures + 1))
}

# A linked file has a GNU_STACK segment without E; an object has a .note.GNU-stack section without X.
check_stack() {
	if "$READELF" -hW "$1" | grep -q 'Type:.*REL '; then
		"$READELF" -SW "$1" | grep -q '\.note\.GNU-stack' || fail "$1" "no .note.GNU-stack"
		"$READELF" -SW "$1" | grep '\.note\.GNU-stack' | grep -q ' [WA]*X[A-Z]* ' && fail "$1" "asks for an executable stack"
	else
		"$READELF" -lW "$1" | grep -q GNU_STACK || fail "$1" "no GNU_STACK segment"
		"$READELF" -lW "$1" | grep GNU_STACK | grep -q 'E *0x' && fail "$1" "the stack is executable"
		"$READELF" -dW "$1" | grep -q TEXTREL && fail "$1" "text relocations"
		"$READELF" -lW "$1" | grep LOAD | grep -q 'RWE' && fail "$1" "a segment both writable and executable"
	fi
	"$READELF" -SW "$1" | grep -q '\.eh_frame' || fail "$1" "no .eh_frame"
}

# weft__arch_ symbols: functions with a size, the one thread-local of 8 bytes; none of them for others to bind to.
check_symbols() {
	for bad in $("$READELF" -sW "$1" | awk '
		$8 ~ /^weft__arch_(switch|switch_call|start|resume|first|prepare)$/ && $7 != "UND" {
			if ($4 != "FUNC" || $3 == 0) print $8 ":type-or-size"
		}
		$8 == "weft__arch_tls" && $7 != "UND" { if ($4 != "TLS" || $3 != 8) print $8 ":not-tls" }'); do
		fail "$1" "$bad"
	done
	"$READELF" --dyn-syms -W "$1" | awk '$7 != "UND"' | grep -q ' weft__arch_' && fail "$1" "exports weft__arch_ symbols"
}

# A port's own object also hides what it refers to, so that it links into a library without text relocations.
check_port() {
	for bad in $("$READELF" -sW "$1" | awk '$8 ~ /^weft__arch_/ && $5 == "GLOBAL" && $6 != "HIDDEN" { print $8 }'); do
		fail "$1" "$bad is not hidden"
	done
}

for file; do
	check_stack "$file"
	check_symbols "$file"
	case $file in
	*switch*.o) check_port "$file" ;;
	esac
done
[ "$failures" -eq 0 ] && echo "$# files checked"
[ "$failures" -eq 0 ]
