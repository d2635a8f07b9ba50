/* SPDX-License-Identifier: MIT */
/* A debugger, a profiler and an unwinder walk a context's stack and end, without error, at its first frame. */
#include <execinfo.h>
#include <unwind.h>

#include "tests/arch/arch_test.h"

#define RECURSIONS 5
#define TOO_DEEP 100

struct trace {
	uint32_t depth, wanted_at, unwanted;
	void *wanted_function, *unwanted_function;
};

static void *here, *there;
static weft__a32 release;

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *arg)
{
	struct trace *trace = arg;
	void *function = (void *)_Unwind_GetRegionStart(context);
	trace->depth++;
	if (function == trace->wanted_function)
		trace->wanted_at = trace->depth;
	if (function == trace->unwanted_function)
		trace->unwanted++;
	return trace->depth < TOO_DEEP ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

/* `wanted` is on the stack, `depth` frames at least below this one, and few above it; `unwanted` is not. */
static weft__noinline void check_trace(void *wanted, void *unwanted, uint32_t depth)
{
	struct trace trace = { .wanted_function = wanted, .unwanted_function = unwanted };
	_Unwind_Reason_Code reason = _Unwind_Backtrace(note_frame, &trace);
	ck_assert_uint_eq(reason, _URC_END_OF_STACK);
	ck_assert_uint_gt(trace.wanted_at, depth);
	ck_assert_uint_le(trace.depth, trace.wanted_at + 3);
	ck_assert_uint_eq(trace.unwanted, 0);
	void *addresses[TOO_DEEP];
	uint32_t count = (uint32_t)backtrace(addresses, TOO_DEEP); /* may leave out a last frame at address 0 */
	ck_assert(count == trace.depth || count + 1 == trace.depth);
}

static weft__noinline uint32_t recurse(uint32_t depth, void *wanted, void *unwanted)
{
	volatile uint32_t left = depth;
	if (left)
		return recurse(depth - 1, wanted, unwanted) + left;
	check_trace(wanted, unwanted, RECURSIONS + 1);
	return left;
}

static weft__noinline struct weft__arch_next walk(void *starter);

static weft__noinline void start_walk(void *unused)
{
	(void)unused;
	weft__arch_start(&here, new_stack(), walk, (void *)(uintptr_t)start_walk, &release);
}

/* Before and after having been away. */
static struct weft__arch_next walk(void *starter)
{
	recurse(RECURSIONS, (void *)(uintptr_t)walk, starter);
	weft__arch_switch(&there, here, &release);
	recurse(RECURSIONS, (void *)(uintptr_t)walk, starter);
	return (struct weft__arch_next){ here, &release };
}

START_TEST(started_context)
{
	start_walk(NULL);
	weft__arch_switch(&here, there, &release);
}
END_TEST

START_TEST(prepared_context)
{
	there = weft__arch_prepare(new_stack(), walk, (void *)(uintptr_t)start_walk);
	weft__arch_switch(&here, there, &release);
	weft__arch_switch(&here, there, &release);
}
END_TEST

static void walk_after(void *arg)
{
	recurse(RECURSIONS, (void *)(uintptr_t)walk, arg);
}

/* `after` appears to be called by the new context, whose frames follow. */
static weft__noinline void call_after(void *unused)
{
	(void)unused;
	weft__arch_start(&here, new_stack(), walk, (void *)(uintptr_t)call_after, &release);
	weft__arch_switch_call(&here, there, walk_after, (void *)(uintptr_t)call_after);
}

START_TEST(after_a_switch)
{
	call_after(NULL);
}
END_TEST

static void walk_fresh(void *arg)
{
	check_trace((void *)(uintptr_t)walk_fresh, arg, 0);
	ck_assert_ptr_nonnull(here); /* and no tail call above */
}

static struct weft__arch_next end(void *arg)
{
	(void)arg;
	return (struct weft__arch_next){ here, &release };
}

static weft__noinline void call_after_fresh(void *arg)
{
	there = weft__arch_prepare(new_stack(), end, NULL);
	weft__arch_switch_call(&here, there, walk_fresh, arg);
}

/* There the frame below is the first, in which nothing has run yet. */
START_TEST(after_a_switch_to_a_fresh_stack)
{
	call_after_fresh((void *)(uintptr_t)call_after_fresh);
}
END_TEST

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(WEFT_USE_ARCH_GENERIC)
/* Both keep {caller's frame pointer, return address} where the frame pointer points. */
static struct weft__arch_next check_frame_pointer(void *arg)
{
	void **frame = __builtin_frame_address(0);
	ck_assert_ptr_null(frame[0]);
	++*(int *)arg;
	return (struct weft__arch_next){ here, &release };
}

START_TEST(frame_pointers_end_in_null)
{
	int count = 0;
	weft__arch_start(&here, new_stack(), check_frame_pointer, &count, &release);
	weft__arch_switch(&here, weft__arch_prepare(new_stack(), check_frame_pointer, &count), &release);
	ck_assert_int_eq(count, 2);
}
END_TEST
#define FRAME_POINTERS frame_pointers_end_in_null,
#else
#define FRAME_POINTERS
#endif

int main(void)
{
	const TTest *const tests[] = { started_context, prepared_context, after_a_switch,
				       after_a_switch_to_a_fresh_stack, FRAME_POINTERS NULL };
	return run_tests("arch/unwind", tests);
}
