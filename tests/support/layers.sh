#!/bin/sh
# SPDX-License-Identifier: MIT
# Holds every #include of the library against the layers: a file may include its own folder and lower rows, nothing else.
#
#   api -> crash -> {net supervise} -> {process chan sync io} -> {time ring poll} -> sched -> {stack, arch} -> os -> base
#   crash -> unwind -> {arch, os}
#
# arch includes base only; the primitives reach the scheduler through src/sched/park.h only.
set -eu
cd "${srcdir:-.}"

LC_ALL=C grep -rn '^[[:space:]]*#[[:space:]]*include' --include='*.[chS]' include arch src | awk -F: '
function row(folder)
{
	return folder in rows ? rows[folder] : -1
}
function folder_of(path,   part)
{
	split(path, part, "/")
	return part[1] == "src" ? part[2] : part[1]
}
function bad(why)
{
	print $1 ":" $2 ": " why ": " $3
	failed = 1
}
BEGIN {
	n = split("base 0 arch 1 os 1 stack 2 unwind 2 sched 3 time 4 ring 4 poll 4 process 5 chan 5 sync 5 io 5 net 6 supervise 6 crash 7 api 8", word, " ")
	for (i = 1; i < n; i += 2)
		rows[word[i]] = word[i + 1]
	split("stddef stdint stdbool sys/types sys/socket", word, " ")
	for (i in word)
		plain["<" word[i] ".h>"] = 1
}
{
	from = folder_of($1)
	match($3, /["<][^">]*[">]/)
	name = substr($3, RSTART, RLENGTH)
	files[$1] = 1
	if (from == "include") {
		if (!(name in plain) && name !~ /^<weft\//)
			bad("a public header includes only a few standard headers and <weft/...>")
		next
	}
	if (row(from) < 0)
		bad("a folder that tests/support/layers.sh does not know")
	if (name !~ /^"/ || name ~ /^"weft[.\/]/)
		next # the system, the public headers
	path = substr(name, 2, length(name) - 2)
	if (path == "tests/model/atomic_model.h" && $1 == "src/base/atomic.h")
		next # the seam for the model checker
	to = folder_of(path)
	if (path !~ /^(src|arch)\//)
		bad("name internal headers from the top folder (src/... or arch/...)")
	else if (row(to) < 0)
		bad("includes a folder that tests/support/layers.sh does not know")
	else if (from != to && row(to) >= row(from))
		bad(from " may not include " to)
	else if (from == "stack" && to == "arch")
		bad("only sched and what is above it may include arch")
	else if (from ~ /^(chan|sync|io|net)$/ && to == "sched" && path != "src/sched/park.h")
		bad("the primitives include no more of sched than src/sched/park.h")
}
END {
	for (i in files)
		count++
	print count + 0 " files looked at"
	exit failed
}'
