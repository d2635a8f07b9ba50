#!/bin/sh
# SPDX-License-Identifier: MIT
# Three lists must agree: what libweft.so exports, what src/weft.map says it does, and the man pages in section 3 (an
# exported object, as weft_attr_bound, may have a page but need not).
set -eu
top=${srcdir:-.}
: "${NM:=nm}"
library=.libs/libweft.so
if [ ! -e $library ]; then
	echo "skipped: there is no $library (a build without shared libraries)"
	exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL

# NM may be a command with options.
# shellcheck disable=SC2086
$NM -D --defined-only $library | sed 's/@.*//' | awk '$2 != "A" { print $3 }' | sort >"$work/exported"
# shellcheck disable=SC2086
$NM -D --defined-only $library | sed 's/@.*//' | awk '$2 == "T" { print $3 }' | sort >"$work/functions"
sed -n 's/^[[:space:]]*\(weft_[a-z0-9_]*\);.*/\1/p' "$top/src/weft.map" >"$work/mapped"
find "$top/docs/man" -name '*.3' | sed 's:.*/::; s:\.3$::' | sort >"$work/pages"

failed=0
# complain WHAT FILE: each line of FILE is a mistake of that kind.
complain() {
	if [ -s "$2" ]; then
		awk -v what="$1" '{ print what ": " $0 }' "$2"
		failed=1
	fi
}
cd "$work"
sort -c mapped 2>unsorted || true
comm -23 exported mapped >not-mapped
comm -13 exported mapped >not-exported
comm -23 functions pages >no-page
comm -13 exported pages >no-call
complain 'src/weft.map is not sorted' unsorted
complain 'exported but not in src/weft.map' not-mapped
complain 'in src/weft.map but not exported' not-exported
complain 'has no man page' no-page
complain 'a man page for what is not exported' no-call
exit $failed
