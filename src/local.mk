# SPDX-License-Identifier: MIT
# The library, both libweft.so and libweft.a. What it exports is src/weft.map, nothing else.
lib_LTLIBRARIES += libweft.la
libweft_la_LDFLAGS = -version-info $(WEFT_VERSION_INFO) -Wl,--version-script=$(srcdir)/src/weft.map
EXTRA_libweft_la_DEPENDENCIES = src/weft.map
EXTRA_DIST += src/weft.map

libweft_la_SOURCES += \
	src/api/config.c \
	src/api/config.h \
	src/api/runtime.c \
	src/base/atomic.h \
	src/base/compiler.h \
	src/base/list.h \
	src/base/panic.c \
	src/base/panic.h \
	src/base/random.h \
	src/crash/report.c \
	src/crash/report.h \
	src/os/barrier.c \
	src/os/barrier.h \
	src/os/clock.c \
	src/os/clock.h \
	src/os/cpu.c \
	src/os/cpu.h \
	src/os/fault.c \
	src/os/fault.h \
	src/os/futex.c \
	src/os/futex.h \
	src/os/kthread.c \
	src/os/kthread.h \
	src/os/lock.c \
	src/os/lock.h \
	src/os/memory.c \
	src/os/memory.h \
	src/os/signal_stack.c \
	src/os/signal_stack.h \
	src/sched/attr.h \
	src/sched/bias.c \
	src/sched/bias.h \
	src/sched/bound.c \
	src/sched/dispatch.c \
	src/sched/dispatch.h \
	src/sched/idle.c \
	src/sched/idle.h \
	src/sched/injector.c \
	src/sched/injector.h \
	src/sched/join.c \
	src/sched/monitor.c \
	src/sched/monitor.h \
	src/sched/name.c \
	src/sched/name.h \
	src/sched/park.c \
	src/sched/park.h \
	src/sched/pinned.c \
	src/sched/pinned.h \
	src/sched/pool.c \
	src/sched/pool.h \
	src/sched/record.c \
	src/sched/record.h \
	src/sched/ring.c \
	src/sched/ring.h \
	src/sched/sanitize.c \
	src/sched/sanitize.h \
	src/sched/spawn.c \
	src/sched/spawn.h \
	src/sched/steal.c \
	src/sched/steal.h \
	src/sched/switch.h \
	src/sched/thread.h \
	src/sched/tune.c \
	src/sched/tune.h \
	src/sched/worker.c \
	src/sched/worker.h \
	src/sched/yield.c \
	src/stack/depot.c \
	src/stack/slab.c \
	src/stack/slab.h \
	src/stack/stack.h \
	src/sync/address.c \
	src/sync/address.h \
	src/sync/barrier.c \
	src/sync/cond.c \
	src/sync/event.c \
	src/sync/mutex.c \
	src/sync/mutex.h \
	src/sync/once.c \
	src/sync/rwlock.c \
	src/sync/sem.c \
	src/sync/waitgroup.c \
	src/time/sleep.c \
	src/time/timer.c \
	src/time/timer.h \
	src/time/wheel.c \
	src/time/wheel.h
