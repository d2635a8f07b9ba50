/* SPDX-License-Identifier: MIT */
/*
 * Backtraces: of threads that wait in each way, of the caller, of what a signal interrupted. Functions are recognized
 * by their range: each is in a section of its own, whose ends the linker knows. Where libgcc can walk, it must see the
 * same.
 */
#include <signal.h>
#include <ucontext.h>
#include <unwind.h>

#include "src/base/random.h"
#include "src/crash/backtrace.h"
#include "src/sched/thread.h"
#include "src/unwind/unwind.h"
#include "tests/support/child.h"

#if WEFT__UNWIND

enum { MAX = 64 };

struct trace {
	unsigned n;
	const void *pc[MAX];
};

/* A function that is not inlined, cloned or split, in a section of its own. */
#define TRACED(name)                                                                                                   \
	extern const char __start_in_##name[], __stop_in_##name[];                                                     \
	__attribute__((noinline, used, section("in_" #name)))
#define IN(pc, name) ((const char *)(pc) >= __start_in_##name && (const char *)(pc) < __stop_in_##name)

static volatile int one = 1; /* what is done with it after a call makes that no tail call */

typedef int wait_fn(void *arg);

struct plan {
	wait_fn *wait;
	void *arg;
};

TRACED(bt_waiting) static int bt_waiting(const struct plan *plan)
{
	return plan->wait(plan->arg) + one;
}

/* Its frame is larger than an offset byte holds, and realigned. */
TRACED(bt_middle) static int bt_middle(const struct plan *plan)
{
	volatile char room[3000] __attribute__((aligned(128)));
	room[one] = 1;
	return bt_waiting(plan) + room[one];
}

TRACED(bt_top) static void *bt_top(void *plan)
{
	int got = bt_middle(plan) + one;
	return (void *)(intptr_t)got;
}

/* The three stand together, at most `above` others above them, and the stack ends soon after. */
static void check_trace(const struct trace *trace, unsigned above)
{
	unsigned i = 0;
	while (i < trace->n && !IN(trace->pc[i], bt_waiting))
		i++;
	if (i > above || i + 2 >= trace->n || !IN(trace->pc[i + 1], bt_middle) || !IN(trace->pc[i + 2], bt_top))
		weft__backtrace_write(trace->pc, trace->n, STDERR_FILENO);
	check(i <= above && i + 2 < trace->n);
	check(IN(trace->pc[i + 1], bt_middle) && IN(trace->pc[i + 2], bt_top));
	check(trace->n > i + 3 && trace->n <= i + 6);
}

/* --- threads that wait. There is one worker, so whoever looks at them knows that they do not run --- */

enum { OTHERS = 6 }; /* functions of weft that a thread may wait in */

static shared done;

static int by_park(void *unused)
{
	(void)unused;
	return weft_park();
}

static int by_sleep(void *unused)
{
	(void)unused;
	return weft_sleep(WEFT_S(1));
}

static int by_join(void *thread)
{
	return weft_join(*(weft_t *)thread, NULL);
}

static int by_yield(void *unused)
{
	(void)unused;
	while (!get(done))
		weft_yield();
	return 0;
}

static struct trace trace_thread(weft_t thread)
{
	struct trace trace;
	trace.n = weft__backtrace_parked(weft__record_of(thread)->thread->sp, trace.pc, MAX);
	return trace;
}

static weft_t spawn_plan(struct plan *plan)
{
	return spawn(NULL, bt_top, plan);
}

static void *look_at_waiters(void *arg)
{
	weft_t parked = spawn_plan(&(struct plan){ by_park, NULL });
	weft_t sleeping = spawn_plan(&(struct plan){ by_sleep, NULL });
	weft_t joining = spawn_plan(&(struct plan){ by_join, &parked });
	weft_t yielded = spawn_plan(&(struct plan){ by_yield, NULL });
	const weft_t all[] = { parked, sleeping, joining, yielded };
	for (int i = 0; i < 4; i++) {
		struct trace trace = trace_thread(all[i]);
		check_trace(&trace, OTHERS);
	}
	set(done, 1);
	weft_unpark(parked);
	join(yielded);
	join(joining);
	join(sleeping);
	return arg;
}

START_TEST(waiting_threads)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, look_at_waiters, NULL);
}
END_TEST

static void *look_at_a_queued_one(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	weft_attr_set_queued(&attr, true);
	weft_t thread = spawn(&attr, bt_top, &(struct plan){ by_yield, NULL });
	struct trace trace = trace_thread(thread);
	check_eq(trace.n, 1); /* where it will begin */
	set(done, 1);
	join(thread);
	return arg;
}

START_TEST(a_thread_that_has_not_run)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, look_at_a_queued_one, NULL);
}
END_TEST

/* --- the caller, against libgcc --- */

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *arg)
{
	struct trace *trace = arg;
	int exact;
	uintptr_t pc = _Unwind_GetIPInfo(context, &exact);
	if (trace->n == MAX || !pc)
		return _URC_NORMAL_STOP;
	trace->pc[trace->n++] = (const void *)(pc - !exact);
	return _URC_NO_REASON;
}

/* All but the first frame, in which the calls are two. */
TRACED(bt_here) static int bt_here(void *arg)
{
	struct trace ours, theirs = { .n = 0 }, *result = arg;
	ours.n = weft__backtrace_here(ours.pc, MAX);
	_Unwind_Backtrace(note_frame, &theirs);
	check(IN(ours.pc[0], bt_here) && IN(theirs.pc[0], bt_here));
	check_eq(ours.n, theirs.n);
	for (unsigned i = 1; i < ours.n; i++)
		check(ours.pc[i] == theirs.pc[i]);
	*result = ours;
	return one;
}

static void *trace_here(void *arg)
{
	struct trace trace;
	(void)bt_top(&(struct plan){ bt_here, &trace });
	check(IN(trace.pc[1], bt_waiting) && IN(trace.pc[2], bt_middle) && IN(trace.pc[3], bt_top));
	return arg;
}

START_TEST(the_caller)
{
	trace_here(NULL);
	pthread_join(outsider(trace_here, NULL), NULL);
	run(trace_here, NULL);
}
END_TEST

static int few(void *arg)
{
	struct trace trace;
	check_eq(weft__backtrace_here(trace.pc, 0), 0);
	trace.pc[2] = arg;
	check_eq(weft__backtrace_here(trace.pc, 2), 2);
	check(trace.pc[2] == arg);
	return one;
}

START_TEST(no_more_than_asked_for)
{
	few(NULL);
}
END_TEST

/* --- what a signal interrupted --- */

static struct trace interrupted;

static void note_interrupted(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	interrupted.n = weft__backtrace_signal(context, interrupted.pc, MAX);
}

static void on_signal(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	sigemptyset(&action.sa_mask);
	check_eq(sigaction(sig, &action, NULL), 0);
}

static int by_signal(void *unused)
{
	(void)unused;
	return raise(SIGUSR1);
}

START_TEST(an_interrupted_thread)
{
	on_signal(SIGUSR1, note_interrupted);
	run(bt_top, &(struct plan){ by_signal, NULL });
	if (!WEFT__TSAN) /* which puts signals off */
		check_trace(&interrupted, OTHERS);
}
END_TEST

/* Any registers and stack: no frame more than asked for, and no fault. Among the values are addresses of code, of this
 * stack, of its end, and of nothing. */
static uint64_t any_word(uint64_t *random)
{
	const uint64_t r = weft__random_next(random),
		       code[] = { (uintptr_t)any_word, (uintptr_t)memcpy, (uintptr_t)write };
	switch (r >> 61) {
	case 0:
		return r << 32 >> 60;
	case 1:
		return r << 8 >> 8;
	case 2:
	case 3:
	case 4:
		return code[(r >> 8) % 3] - 0x8000 + (r >> 16) % 0x10000;
	default:
		return ((uintptr_t)&r & ~(uint64_t)7) - 0x4000 + (r >> 16) % 0x10000 * 8;
	}
}

START_TEST(garbage)
{
	uint64_t random = new_seed();
	ucontext_t context;
	struct trace trace;
	for (int i = rounds(30000); i; i--) {
		for (size_t word = 0; word < sizeof context.uc_mcontext / sizeof(uint64_t); word++)
			((uint64_t *)(void *)&context.uc_mcontext)[word] = any_word(&random);
		check(weft__backtrace_signal(&context, trace.pc, MAX) <= MAX);
	}
}
END_TEST

/* --- the printed form --- */

static int print_here(void *unused)
{
	struct trace trace;
	(void)unused;
	trace.n = weft__backtrace_here(trace.pc, MAX);
	weft__backtrace_write(trace.pc, trace.n, STDERR_FILENO);
	return one;
}

static int print(void *unused)
{
	(void)unused;
	return bt_top(&(struct plan){ print_here, NULL }) ? 3 : 4;
}

START_TEST(lines)
{
	struct child child = run_child(print, NULL);
	ck_exited(&child, 3);
	ck_said(&child, "  #0 0x");
	ck_said(&child, "\n  #1 0x");
	ck_said(&child, " bt_top");
	ck_said(&child, "test_backtrace+0x");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { waiting_threads,
				       a_thread_that_has_not_run,
				       the_caller,
				       no_more_than_asked_for,
				       an_interrupted_thread,
				       garbage,
				       lines,
				       NULL };
	return run_tests("arch/backtrace", tests);
}

#else

int main(void)
{
	printf("skipped: no backtraces on this port, or with this C library\n");
	return 77;
}

#endif
