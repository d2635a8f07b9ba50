#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the system tests of IO with rings of two entries, and on epoll.
failed=0
set -- 'uring tiny' 'epoll tiny' 'epoll '
if [ -n "${EMULATOR-}" ]; then
	set -- 'epoll tiny' 'epoll ' # no emulator of programs has io_uring
elif ! grep -q '^#define HAVE_LIBURING 1' config.h; then
	set -- 'epoll tiny' # without a mode the tests are on epoll by themselves
fi
for mode; do
	for name in buffered child close connect io io_cancel io_ends net net_accept poll send_zerocopy socket; do
		program=tests/system/test_$name
		[ -x "$program" ] || { echo "$program is not built"; exit 77; }
		# shellcheck disable=SC2086
		if WEFT_IO=${mode% *} WEFT_TEST_MODE=${mode#* } ${EMULATOR-} "$program" 2>/dev/null; then
			echo "$mode: $name passed"
		else
			echo "$mode: $name FAILED"
			failed=1
		fi
	done
done
exit $failed
