#!/bin/sh
# SPDX-License-Identifier: MIT
# installed.sh BUILD-DIR: installs that build into a temporary prefix, then compiles and runs every docs/examples/*.c, and
# every whole program in a man page, against it the way a stranger would: by pkg-config, shared and static, with gcc, g++
# and clang. One that needs a library says so in a line `Link with: -lNAME`; it is skipped where there is none.
set -eu
build=$1
examples=$(cd docs/examples && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

make -s -C "$build" install prefix="$prefix" >/dev/null
# The prefix of this copy is not the one that configure was told.
PKG_CONFIG_PATH=$prefix/lib/pkgconfig
LD_LIBRARY_PATH=$prefix/lib
export PKG_CONFIG_PATH LD_LIBRARY_PATH
weft() {
	pkg-config --define-variable=prefix="$prefix" "$@" weft
}

for file in bin/weft-bench include/weft.h lib/libweft.a lib/libweft.so.0 lib/pkgconfig/weft.pc share/man/man7/weft.7; do
	[ -e "$prefix/$file" ] || { echo "not installed: $file" && exit 1; }
done

# What a reader of the page would copy.
mkdir "$prefix/pages"
for page in "$prefix"/share/man/man[1-8]/*.[1-8]; do
	awk '/^\.EX/ { text = ""; in_example = 1; next }
		/^\.EE/ { if (text ~ /int main\(/) printf "%s", text >file; in_example = 0 }
		in_example { text = text $0 "\n" }' file="$prefix/pages/$(basename "$page").c" "$page"
done
sed -i 's/\\-/-/g; s/\\e/\\/g' "$prefix"/pages/*.c

count=0
# Flags and compilers with options are words.
# shellcheck disable=SC2046,SC2086
for source in "$examples"/*.c "$prefix"/pages/*.c; do
	libraries=$(sed -n 's/^ \* Link with: //p' "$source")
	if [ -n "$libraries" ] && ! echo 'int main(void) { return 0; }' | gcc -x c - $libraries -o "$prefix/empty" 2>/dev/null; then
		echo "skipped: $source, for want of $libraries"
		continue
	fi
	for compiler in 'gcc -std=c11' 'clang -std=c11' 'g++ -x c++ -std=c++17'; do
		echo "$compiler $source"
		warnings='-O2 -Wall -Wextra -Werror'
		# -x c++ must not apply to the libraries: the link takes an object.
		$compiler $warnings $(weft --cflags) -c "$source" -o "$prefix/example.o"
		${compiler%% *} "$prefix/example.o" $(weft --libs) $libraries -o "$prefix/shared"
		${compiler%% *} -static "$prefix/example.o" $(weft --libs --static) $libraries -o "$prefix/static"
		for program in shared static; do
			timeout 60 "$prefix/$program" >"$prefix/output" 2>&1 || {
				echo "FAIL: $program exits with $?:"
				cat "$prefix/output"
				exit 1
			}
			count=$((count + 1))
		done
	done
done
[ $count -gt 0 ] || { echo 'there are no examples' && exit 1; }
echo "$count programs ran"
