/* SPDX-License-Identifier: MIT */
/*
 * One context goes back and forth between two kernel threads a million times. Each spins on its word and resumes the
 * context as soon as the word is 0, so a word released before the context is saved, or before its stack is left, shows
 * as wrong registers, wrong locals or a crash. Wherever it goes on, weft__arch_worker must be that thread's.
 *
 * Also built at -O3 -flto: then switches and accessors are inlined into loops as far as they can be, and a compiler
 * that keeps a thread-local's value or address across a switch fails here.
 */
#include <sched.h>

#include "tests/arch/arch_test.h"

#define HANDOVERS 1000000
#define TIME_LIMIT_MS 5000 /* on a loaded machine */

struct worker {
	void *home;
	weft__a32 turn; /* 0: the context is saved, and this thread's to resume */
	weft__a32 scratch;
	uint64_t resumed;
} weft__aligned(WEFT__CACHE_LINE);

static struct worker workers[2];
static void *traveller;	       /* owned by the worker whose turn it is */
static struct worker *carrier; /* who last resumed it */
static char *child_top;
static weft__a32 child_busy; /* 0: nothing runs on the child's stack */
static weft__a32 over;
static uint64_t children;

static void spin_until_clear(weft__a32 *word)
{
	for (uint32_t i = 1; weft__load_acq(word); i++) { /* order SWITCH-RELEASE */
		weft__cpu_relax();
		if (i % 256 == 0)
			sched_yield();
	}
}

static void clear_turn(void *arg)
{
	weft__store_rel((weft__a32 *)arg, 0); /* order SWITCH-RELEASE */
}

/* Runs on the old thread while the traveller may already be on the other one; ends at the old thread's home. */
static struct weft__arch_next stay_behind(void *arg)
{
	struct worker *worker = arg;
	volatile uint64_t mine = ++children;
	for (int i = 0; i < 20; i++) /* long enough to notice someone else on this stack */
		weft__cpu_relax();
	check(mine == children);
	check(weft__arch_worker() == worker);
	return (struct weft__arch_next){ worker->home, &child_busy };
}

/* Leave for the other thread in one of three ways. */
static void travel(uint64_t *seed)
{
	struct worker *from = weft__arch_worker(), *to = &workers[from == workers];
	struct filled_call call = { .arg = { (uintptr_t)&traveller, (uintptr_t)from->home, (uintptr_t)&to->turn } };
	switch (weft__random_next(seed) >> 62) {
	case 0:
		call.function = (uintptr_t)weft__arch_switch_call;
		call.arg[2] = (uintptr_t)clear_turn;
		call.arg[3] = (uintptr_t)&to->turn;
		break;
	case 1:
		spin_until_clear(&child_busy);
		weft__store_rlx(&child_busy, 1);
		call = (struct filled_call){ .function = (uintptr_t)weft__arch_start,
					     .arg = { (uintptr_t)&traveller, (uintptr_t)child_top,
						      (uintptr_t)stay_behind, (uintptr_t)from, (uintptr_t)&to->turn } };
		break;
	default:
		call.function = (uintptr_t)weft__arch_switch;
	}
	fill_random(&call, seed);
	if (!WEFT_ARCH_HAS_FP_CONTROL)
		fill_default_controls(&call);
	fill_call(&call);
	fill_check(&call);
}

/* The plain way, with nothing between the accessor and the switch that could keep a compiler from caching. */
static void travel_plainly(uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		struct worker *from = weft__arch_worker();
		weft__arch_switch(&traveller, from->home, &workers[from == workers].turn);
		struct worker *at = weft__arch_worker();
		check(at != from && at == carrier);
	}
}

static struct weft__arch_next go_around(void *arg)
{
	uint64_t seed = (uint64_t)(uintptr_t)arg, deadline = now_ms() + TIME_LIMIT_MS, count = 0;
	while (count < HANDOVERS && now_ms() < deadline) {
		for (int i = 0; i < 64; i++, count++) {
			travel(&seed);
			check(weft__arch_worker() == carrier);
		}
		travel_plainly(64);
		count += 64;
	}
	printf("%llu handovers\n", (unsigned long long)count);
	weft__store_rel(&over, 1); /* read by both after SWITCH-RELEASE or by itself */
	struct worker *last = weft__arch_worker(), *other = &workers[last == workers];
	weft__store_rel(&other->turn, 0);
	return (struct weft__arch_next){ last->home, &last->scratch };
}

static void *work(void *arg)
{
	struct worker *self = arg;
	weft__arch_set_worker(self);
	for (;;) {
		spin_until_clear(&self->turn);
		if (weft__load_acq(&over))
			break;
		weft__store_rlx(&self->turn, 1);
		carrier = self;
		self->resumed++;
		weft__arch_switch(&self->home, traveller, &self->scratch);
		check(weft__arch_worker() == self);
		if (weft__load_acq(&over))
			break;
	}
	weft__arch_set_worker(NULL);
	ck_assert_ptr_null(weft__arch_worker());
	return NULL;
}

START_TEST(a_context_travels_between_kernel_threads)
{
	pthread_t thread[2];
	child_top = new_stack();
	traveller = weft__arch_prepare(new_stack(), go_around, (void *)(uintptr_t)new_seed());
	weft__store_rlx(&workers[1].turn, 1);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, work, &workers[i]), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
	ck_assert_uint_gt(workers[0].resumed + workers[1].resumed, 100);
	ck_assert_uint_gt(children, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_context_travels_between_kernel_threads, NULL };
	return run_tests("arch/handover", tests);
}
