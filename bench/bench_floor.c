/* SPDX-License-Identifier: MIT */
/*
 * loop, call, syscall, clock: what there is below everything else. A turn of an empty loop, which is in each other figure of
 * few nanoseconds; a call of a function that does nothing; a call of the kernel that does next to nothing; a reading of the clock.
 */
#include "harness.h"

static __attribute__((noinline)) void nothing(void)
{
	__asm__ volatile("" ::: "memory");
}

static void kernel(void)
{
	(void)syscall(SYS_getppid);
}

static void clock_now(void)
{
	(void)batch_now();
}

#define FLOOR(id, name, operation, text)                                                                               \
	static void id(struct run *r)                                                                                  \
	{                                                                                                              \
		while (batch_more(&r->batch)) {                                                                        \
			batch_start(&r->batch);                                                                        \
			for (uint64_t i = 0; i < r->batch.ops; i++)                                                    \
				operation;                                                                             \
			batch_stop(&r->batch);                                                                         \
		}                                                                                                      \
	}                                                                                                              \
	const struct bench bench_##id = {                                                                              \
		.rows = { name },                                                                                      \
		.units = { "ns" },                                                                                     \
		.what = text,                                                                                          \
		.instead = "floor",                                                                                    \
		.body = { id },                                                                                        \
		.flags = BENCH_ONE_WORKER | BENCH_OUTSIDE,                                                             \
	}

FLOOR(loop, "loop", __asm__ volatile("" ::: "memory"), "a turn of an empty loop");
FLOOR(call, "call", nothing(), "a call of a function that does nothing");
FLOOR(syscall_, "syscall", kernel(), "a call of the kernel: getppid");
FLOOR(clock_, "clock", clock_now(), "a reading of the clock");
