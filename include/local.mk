# SPDX-License-Identifier: MIT
# The public headers, installed as <weft.h> and <weft/*.h>.
include_HEADERS = include/weft.h

weftincludedir = $(includedir)/weft
weftinclude_HEADERS = \
	include/weft/base.h \
	include/weft/blocking.h \
	include/weft/buffered.h \
	include/weft/cancel.h \
	include/weft/chan.h \
	include/weft/child.h \
	include/weft/crash.h \
	include/weft/file.h \
	include/weft/io.h \
	include/weft/link.h \
	include/weft/local.h \
	include/weft/net.h \
	include/weft/process.h \
	include/weft/poller.h \
	include/weft/pooled.h \
	include/weft/runtime.h \
	include/weft/scope.h \
	include/weft/status.h \
	include/weft/supervise.h \
	include/weft/sync.h \
	include/weft/thread.h \
	include/weft/time.h \
	include/weft/version.h
