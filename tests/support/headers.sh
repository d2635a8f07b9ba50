#!/bin/sh
# SPDX-License-Identifier: MIT
# Every header compiles alone: the internal ones as this build's C, the public ones as strict C11 and as C++.
# Runs in a build folder, by `make check`.
set -eu
top=${srcdir:-.}
: "${CC:=cc}" "${CXX:=c++}"
failed=0

# compiles_alone HEADER COMMAND...: the header, included twice, by this compiler.
compiles_alone() {
	header=$1
	shift
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		"$@" -fsyntax-only -Wall -Wextra -Werror -I"$top/include" -I"$top" - || {
		echo "FAIL: $header alone, by $*"
		failed=1
	}
}

# CC and CXX may be a command with options.
# shellcheck disable=SC2086
for header in $(cd "$top/include" && echo weft.h weft/*.h); do
	compiles_alone "$header" $CC -x c -std=c11 -pedantic
	if command -v ${CXX%% *} >/dev/null; then
		compiles_alone "$header" $CXX -x c++ -std=c++11 -pedantic
	fi
done

# Other ports' headers are for other machines, and asm.h is for assembly. Internal headers are seen after config.h.
# shellcheck disable=SC2086
for header in $(cd "$top" && find arch/arch.h src -name '*.h' | sort); do
	compiles_alone "$header" $CC -x c -std=gnu11 -include config.h -I. -Wno-unused-function
done
exit $failed
