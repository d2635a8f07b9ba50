/* SPDX-License-Identifier: MIT */
/*
 * switch-raw, switch-raw-nofp: one context switch by the library's own assembly, with and without FP control words. Two
 * contexts hand over to each other with no scheduler in between: what the machine allows.
 */
#include "arch/arch.h"
#include "harness.h"

#define STACK 65536

static void *main_sp, *other_sp;
static weft__a32 released;
static uint64_t visits;

static _Noreturn void bounce(void)
{
	for (;;) {
		visits++;
		weft__arch_switch(&other_sp, main_sp, &released);
	}
}

static struct weft__arch_next other(void *arg)
{
	(void)arg;
	bounce();
}

static void switch_loop(struct run *r, bool keep_fp)
{
	static _Alignas(4096) char stack[STACK];
	struct batch *b = &r->batch;

	weft__arch_fp_control = keep_fp;
	other_sp = weft__arch_prepare(stack + STACK, other, NULL);
	b->step = 2;
	while (batch_more(b)) {
		uint64_t before = visits;

		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i += 2)
			weft__arch_switch(&main_sp, other_sp, &released);
		batch_stop(b);
		batch_check(b, visits - before == b->ops / 2, "the other context did not run each time");
	}
}

static void with_fp(struct run *r)
{
	switch_loop(r, true);
}

static void without_fp(struct run *r)
{
	switch_loop(r, false);
}

const struct bench bench_switch_raw = {
	.rows = { "switch-raw" },
	.units = { "ns" },
	.what = "a context switch by the library's assembly, no scheduler",
	.body = { with_fp },
	.flags = BENCH_ONE_WORKER | BENCH_OUTSIDE,
};

const struct bench bench_switch_raw_nofp = {
	.rows = { "switch-raw-nofp" },
	.units = { "ns" },
	.what = "the same without FP control words",
	.body = { without_fp },
	.flags = BENCH_ONE_WORKER | BENCH_OUTSIDE,
};
