#!/bin/sh
# SPDX-License-Identifier: MIT
# What the documents say of each other and of the headers is so: each page that a man page refers to is there; a stub is
# of a page that has its name; weft(7) lists the calls that may switch; the programs in README.md are examples.
set -eu
top=${srcdir:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL
man=$top/docs/man
failed=0

# complain WHAT FILE: each line of FILE is a mistake of that kind.
complain() {
	if [ -s "$2" ]; then
		awk -v what="$1" '{ print what ": " $0 }' "$2"
		failed=1
	fi
}

# The pages of others, such as poll(2), are theirs to keep.
find "$man" -name '*.[1-8]' | sed 's:.*/::' | sort >"$work/pages"
for page in "$man"/*.[1-8]; do
	grep -o 'weft[a-z0-9_\-]* ([1-8])' "$page" | tr -d '\134)' | sed 's/ (/./' | sort -u |
		comm -23 - "$work/pages" | sed "s:^:${page##*/} to :"
done >"$work/dangling"
grep -q 'weft_.* (3)' "$man"/*.3 || echo references >"$work/unread"

for page in "$man"/*.3; do
	name=$(basename "$page" .3)
	of=$(sed -n 's:^\.so man3/::p' "$page")
	[ -e "$man/${of:-$name.3}" ] &&
		sed -n '/^\.SH NAME/,/^\.SH LIBRARY/p' "$man/${of:-$name.3}" | grep -qw "$name" ||
		echo "$name"
done >"$work/misnamed"

# A declaration may take several lines. Where all calls of a header may switch, weft(7) names the header.
switching=$(sed -n '/^\.BR WEFT_MAY_SWITCH/,/^\.TP/p' "$man/weft.7")
find "$top/include/weft" -name '*.h' | while read -r header; do
	case $switching in
	*"weft/${header##*/}"*) ;;
	*) cat "$header" ;;
	esac
done | tr '\n' ' ' | tr ';' '\n' |
	sed -n 's/.*[ *]\(weft_[a-z0-9_]*\)(.*) *WEFT_MAY_SWITCH$/\1/p' | sort >"$work/may-switch"
sed -n '/^\.BR WEFT_MAY_SWITCH/,/^\.TP/s/^\.BR \(weft_[a-z0-9_]*\) (3).*/\1/p' "$man/weft.7" | sort >"$work/said-to"
comm -23 "$work/may-switch" "$work/said-to" >"$work/not-listed"
comm -13 "$work/may-switch" "$work/said-to" >"$work/not-marked"
[ -s "$work/may-switch" ] || echo WEFT_MAY_SWITCH >>"$work/unread"

for example in hello fan_out; do
	sed 1d "$top/docs/examples/$example.c" >"$work/example" # but for its licence
	awk 'FNR == 1 { n++ } { text[n] = text[n] $0 "\n" } END { exit !index(text[2], "```c\n" text[1] "```\n") }' \
		"$work/example" "$top/README.md" || echo "docs/examples/$example.c"
done >"$work/differs"

touch "$work/unread"
complain 'found none to check' "$work/unread"
complain 'a reference to a page that is not there' "$work/dangling"
complain 'the page does not name it' "$work/misnamed"
complain 'may switch, but weft(7) does not say so' "$work/not-listed"
complain 'weft(7) says that it may switch; its header does not' "$work/not-marked"
complain 'README.md has another version of' "$work/differs"
exit $failed
