# SPDX-License-Identifier: MIT
# The man pages, installed, and what is read in the source tree.

EXTRA_DIST += \
	docs/examples/embed.c \
	docs/examples/hello.c \
	docs/examples/parallel_sum.c \
	docs/examples/pingpong.c \
	docs/examples/sleepers.c \
	docs/porting.md
