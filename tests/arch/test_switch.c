/* SPDX-License-Identifier: MIT */
/* The port contract seen from C, on one kernel thread: where each entry point goes, with what, in which order. */
#include "tests/arch/arch_test.h"

static void *here, *there, *third; /* the test's context, and others */
static char *top;		   /* of the stack in use */
static weft__a32 release;
static uint32_t steps;

static void step(uint32_t expected)
{
	ck_assert_uint_eq(steps, expected);
	steps++;
}

static void arm(void)
{
	weft__store_rlx(&release, 1);
}

/* What every arrival on a context finds: the word of the one that was left is 0. */
static void check_released(void)
{
	check(weft__load_rlx(&release) == 0);
}

static void switch_to(void **save, void *to)
{
	arm();
	ck_assert_int_eq(weft__arch_switch(save, to, &release), 0);
	check_released();
}

static struct weft__arch_next end_at(void *sp)
{
	arm();
	return (struct weft__arch_next){ sp, &release };
}

/* On the stack at `top`, and aligned as the psABI wants it; on these machines a frame's address tells. */
static void check_stack(void)
{
	max_align_t local;
	char *volatile address = (char *)&local;
	ck_assert_uint_eq((uintptr_t)address % _Alignof(max_align_t), 0);
	ck_assert(address < top && address > top - STACK_SIZE);
#if defined(__x86_64__) || defined(__aarch64__)
	ck_assert_uint_eq((uintptr_t)__builtin_frame_address(0) % 16, 0);
#endif
}

static struct weft__arch_next enter_and_end(void *arg)
{
	check_released();
	check_stack();
	step(1);
	ck_assert_ptr_eq(arg, &steps);
	ck_assert_ptr_nonnull(here);
	return end_at(here);
}

START_TEST(start_enters_and_end_returns)
{
	top = new_stack();
	step(0);
	arm();
	ck_assert_int_eq(weft__arch_start(&here, top, enter_and_end, &steps, &release), 0);
	check_released();
	step(2);
}
END_TEST

START_TEST(prepared_context_enters_by_switch)
{
	top = new_stack();
	there = weft__arch_prepare(top, enter_and_end, &steps);
	ck_assert((char *)there < top && (char *)there > top - STACK_SIZE);
	step(0);
	switch_to(&here, there);
	step(2);
}
END_TEST

static void note_after(void *arg)
{
	check_stack();
	ck_assert_ptr_eq(arg, &there);
	ck_assert_ptr_nonnull(here);
	weft__store_rlx(&release, 0);
	step(0);
}

START_TEST(prepared_context_enters_by_switch_call)
{
	top = new_stack();
	there = weft__arch_prepare(top, enter_and_end, &steps);
	arm();
	ck_assert_int_eq(weft__arch_switch_call(&here, there, note_after, &there), 0);
	check_released();
	step(2);
}
END_TEST

static struct weft__arch_next resume_prepared(void *arg)
{
	check_released();
	check_stack();
	step(0);
	top = new_stack();
	there = weft__arch_prepare(top, enter_and_end, arg);
	arm();
	weft__arch_resume(there, &release);
}

START_TEST(prepared_context_enters_by_resume)
{
	top = new_stack();
	arm();
	ck_assert_int_eq(weft__arch_start(&here, top, resume_prepared, &steps, &release), 0);
	check_released();
	step(2);
}
END_TEST

/* Locals in both contexts survive, and both go on where they were. */
static struct weft__arch_next ping(void *arg)
{
	volatile uint64_t mine = (uintptr_t)arg;
	for (uint32_t i = 0; i < 1000; i++) {
		step(2 * i);
		check_stack();
		ck_assert_uint_eq(mine, (uintptr_t)arg + i);
		mine++;
		switch_to(&there, here);
	}
	return end_at(here);
}

START_TEST(switch_goes_back_and_forth)
{
	top = new_stack();
	arm();
	weft__arch_start(&here, top, ping, &top, &release);
	for (uint32_t i = 0; i < 1000; i++) {
		step(2 * i + 1);
		switch_to(&here, there);
	}
	step(2000);
}
END_TEST

static void check_after(void *arg)
{
	check_stack();
	ck_assert_ptr_eq(arg, &third);
	step(1);
}

static struct weft__arch_next wait_for_call(void *arg)
{
	step(0);
	switch_to(&there, here);
	ck_assert_ptr_eq(arg, &steps);
	step(2);
	return end_at(here);
}

START_TEST(switch_call_runs_after_on_the_new_stack)
{
	top = new_stack();
	arm();
	weft__arch_start(&here, top, wait_for_call, &steps, &release);
	ck_assert_int_eq(weft__arch_switch_call(&here, there, check_after, &third), 0);
	check_released();
	step(3);
}
END_TEST

/* `third` is started by `there`, which is started by `here`; it ends at `here`, and `there` goes on later. */
static struct weft__arch_next end_at_here(void *arg)
{
	ck_assert_ptr_eq(arg, &third);
	check_released();
	step(1);
	return end_at(here);
}

static struct weft__arch_next start_third(void *arg)
{
	step(0);
	arm();
	ck_assert_int_eq(weft__arch_start(&there, new_stack(), end_at_here, arg, &release), 0);
	check_released();
	step(3);
	return end_at(here);
}

START_TEST(end_resumes_the_context_it_names)
{
	arm();
	weft__arch_start(&here, new_stack(), start_third, &third, &release);
	check_released();
	step(2);
	switch_to(&here, there);
	step(4);
}
END_TEST

/* A started context that ends at a prepared one: a first frame is as good as any. */
static struct weft__arch_next end_at_prepared(void *arg)
{
	check_released();
	step(0);
	top = new_stack();
	return end_at(weft__arch_prepare(top, enter_and_end, arg));
}

START_TEST(end_enters_a_prepared_context)
{
	arm();
	weft__arch_start(&here, new_stack(), end_at_prepared, &steps, &release);
	check_released();
	step(2);
}
END_TEST

#define DEPTH 200

static void *starter[DEPTH];

static struct weft__arch_next nest(void *arg)
{
	size_t depth = (size_t)arg;
	step((uint32_t)depth);
	if (depth + 1 < DEPTH) {
		arm();
		weft__arch_start(&starter[depth + 1], new_stack(), nest, (void *)(depth + 1), &release);
		check_released();
	}
	step((uint32_t)(2 * DEPTH - 1 - depth));
	return end_at(starter[depth]);
}

START_TEST(starts_nest)
{
	arm();
	weft__arch_start(&starter[0], new_stack(), nest, NULL, &release);
	check_released();
	step(2 * DEPTH);
}
END_TEST

static struct weft__arch_next count_and_end(void *arg)
{
	++*(uint64_t *)arg;
	return end_at(here);
}

/* A stack is free once its word is 0, and leaves nothing behind, by either way in. */
START_TEST(a_stack_is_used_again)
{
	uint64_t count = 0;
	top = new_stack();
	for (int i = 0; i < 200000; i++) {
		arm();
		if (i & 1)
			weft__arch_start(&here, top, count_and_end, &count, &release);
		else
			switch_to(&here, weft__arch_prepare(top, count_and_end, &count));
		check_released();
	}
	ck_assert_uint_eq(count, 200000);
}
END_TEST

static int check_arguments(void *a, void *b, uint64_t c)
{
	ck_assert_ptr_eq(a, &there);
	ck_assert_ptr_eq(b, &here);
	ck_assert_uint_eq(c, UINT64_MAX - 1);
	return -7;
}

START_TEST(call_passes_arguments_and_result)
{
	ck_assert_int_eq(weft__arch_call(&there, &here, UINT64_MAX - 1, check_arguments), -7);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		start_enters_and_end_returns,
		prepared_context_enters_by_switch,
		prepared_context_enters_by_switch_call,
		prepared_context_enters_by_resume,
		switch_goes_back_and_forth,
		switch_call_runs_after_on_the_new_stack,
		end_resumes_the_context_it_names,
		end_enters_a_prepared_context,
		starts_nest,
		a_stack_is_used_again,
		call_passes_arguments_and_result,
		NULL,
	};
	return run_tests("arch/switch", tests);
}
