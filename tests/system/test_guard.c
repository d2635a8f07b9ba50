/* SPDX-License-Identifier: MIT */
/*
 * The guard below every stack is hit, by every stack size from 16 KiB to 1 MiB and frames from 1 byte to 60 KiB that
 * touch their lowest byte only: the process dies of it with a report, and never writes into the stack below.
 */
#include <alloca.h>

#include "tests/support/child.h"

struct deep {
	size_t stack, frame;
};

static weft__noinline int deeper(size_t frame, volatile char *above)
{
	volatile char *low = alloca(frame);
	if (!above[0]) /* never */
		return 0;
	low[0] = above[0];
	return deeper(frame, low) + low[0];
}

static void *overflow(void *arg)
{
	volatile char first = 1;
	return (void *)(intptr_t)deeper(*(size_t *)arg, &first);
}

static void *same(void *arg)
{
	return arg;
}

/* Stacks above and below it are taken too. */
static void *overflow_among_others(void *arg)
{
	struct deep *deep = arg;
	struct weft_attr attr = WEFT_ATTR_INIT;
	weft_attr_set_stack_size(&attr, deep->stack);
	for (int i = 0; i < 10; i++)
		join(spawn(&attr, same, arg));
	join(spawn(&attr, overflow, &deep->frame));
	return arg;
}

static int in_child(void *arg)
{
	return weft_run(NULL, overflow_among_others, arg, NULL) ? 98 : 99;
}

static void hit(size_t stack, size_t frame)
{
	char words[64];
	struct deep deep = { stack, frame };
	struct child child = run_child(in_child, &deep);
	ck_died(&child, SIGSEGV);
	snprintf(words, sizeof words, "overflowed its stack of %zu KiB", stack >> 10);
	ck_said(&child, words);
}

static const size_t frames[] = { 1, 100, 1000, 4000, 4096, 5000, 20000, 40000, 60 << 10 };

START_TEST(every_size_and_frame)
{
	for (size_t stack = WEFT__ASAN || WEFT__TSAN ? 64 << 10 : 16 << 10; stack <= 1 << 20; stack *= 2)
		for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
			hit(stack, frames[i]);
}
END_TEST

START_TEST(by_mprotect_too)
{
	use_mprotect();
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
		hit(64 << 10, frames[i]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_size_and_frame, by_mprotect_too, NULL };
	return run_tests("system/guard", tests);
}
