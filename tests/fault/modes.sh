#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the system tests where membarrier is missing, where guard regions are missing, and with lanes of two slots, so that
# overflow into the injector happens all the time. (modes_io.sh: those of IO.)
failed=0
for mode in barrier mprotect tiny; do
	for name in blocked bound crash hog join outside park run sleep spawn timeout; do
		program=tests/system/test_$name
		[ -x "$program" ] || { echo "$program is not built"; exit 77; }
		# shellcheck disable=SC2086
		if WEFT_TEST_MODE=$mode ${EMULATOR-} "$program"; then
			echo "$mode: $name passed"
		else
			echo "$mode: $name FAILED"
			failed=1
		fi
	done
done
exit $failed
