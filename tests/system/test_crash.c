/* SPDX-License-Identifier: MIT */
/* The crash report: who, of what, where, on stderr; then the signal's own death, or the handler that was there
 * before. */
#include "src/crash/backtrace.h"
#include "src/unwind/unwind.h"
#include "tests/support/child.h"

/* Where there are backtraces. */
#define ck_traced(child, words)                                                                                        \
	do {                                                                                                           \
		if (WEFT__UNWIND)                                                                                      \
			ck_said((child), (words));                                                                     \
	} while (0)

__attribute__((noinline, no_sanitize("undefined", "address", "thread"))) static void *dereference(void *arg)
{
	volatile uintptr_t address = (uintptr_t)arg;
	*(volatile int *)address = 1;
	return NULL;
}

static weft__noinline void *call_null(void *arg)
{
	void *(*volatile fn)(void *) = NULL;
	return (char *)fn(arg) + 1;
}

/* All of the stack from this frame up to the descriptor at its top, and into that, as a buffer that overruns does.
 * The function then returns to nowhere. */
__attribute__((noinline, no_sanitize("undefined", "address", "thread"))) static void *smash(void *arg)
{
	volatile uintptr_t *word = __builtin_frame_address(0);
	for (int i = 0; i < 16; i++)
		word[i] = 0x4141414141414141u;
	return arg;
}

static weft__noinline int deeper(volatile char *above)
{
	volatile char frame[1000];
	if (!above[0]) /* never */
		return 0;
	frame[0] = above[0];
	return deeper(frame) + frame[0];
}

static void *overflow(void *arg)
{
	volatile char first = 1;
	return (void *)(intptr_t)(deeper(&first) + (arg != NULL));
}

static void *raise_it(void *arg)
{
	raise((int)(intptr_t)arg);
	return NULL;
}

static struct crash {
	void *(*fn)(void *);
	void *arg;
	size_t stack;
	const struct weft_attr *kind;
	bool silent;
} crash;

static void *crash_named(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	if (crash.kind)
		attr = *crash.kind;
	weft_attr_set_name(&attr, "bob");
	weft_attr_set_stack_size(&attr, crash.stack);
	join(spawn(&attr, crash.fn, crash.arg));
	return arg;
}

static int run_crash(void *arg)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	weft_config_set_crash_report(&config, !crash.silent);
	return weft_run(&config, crash_named, arg, NULL) ? 98 : 99;
}

static struct child crashing(struct crash what)
{
	crash = what;
	return run_child(run_crash, NULL);
}

START_TEST(a_bad_address)
{
	struct child child = crashing((struct crash){ .fn = dereference });
	ck_died(&child, SIGSEGV);
	ck_said(&child, "weft: crash: green thread 0x");
	ck_said(&child, "'bob'");
	ck_said(&child, "SIGSEGV");
	ck_said(&child, "address 0x0");
	ck_said(&child, "spawned at 0x");
	ck_traced(&child, "\n  #0 0x");
	ck_traced(&child, " dereference");
	ck_traced(&child, "test_crash+0x");
	const char *spawned = strstr(child.text, "weft: spawned at 0x");
	ck_assert(spawned && (!WEFT__UNWIND || strstr(spawned, "test_crash+0x")));
	child = crashing((struct crash){ .fn = dereference, .arg = (void *)0x7008 });
	ck_died(&child, SIGSEGV);
	ck_said(&child, "address 0x7008");
}
END_TEST

START_TEST(a_call_of_nothing)
{
	struct child child = crashing((struct crash){ .fn = call_null });
	ck_died(&child, SIGSEGV);
	ck_said(&child, "address 0x0");
	ck_traced(&child, "\n  #0 0x0\n  #1 0x");
	ck_traced(&child, " call_null");
}
END_TEST

START_TEST(a_smashed_stack)
{
	struct child child = crashing((struct crash){ .fn = smash });
	ck_assert(WIFSIGNALED(child.status) || WEFT__ASAN || WEFT__TSAN);
	ck_said(&child, "weft: crash: green thread");
	ck_traced(&child, "\n  #0 0x");
	ck_assert(!said(&child, "\n  #3 "));
}
END_TEST

START_TEST(overflow_of_the_stack)
{
	for (size_t kib = 64; kib <= 1024; kib *= 4) {
		char words[64];
		struct child child = crashing((struct crash){ .fn = overflow, .stack = kib << 10 });
		ck_died(&child, SIGSEGV);
		snprintf(words, sizeof words, "overflowed its stack of %zu KiB", kib);
		ck_said(&child, words);
		ck_said(&child, "'bob'");
		ck_said(&child, "weft_attr_set_stack_size");
		ck_traced(&child, " deeper");
		ck_traced(&child, "the backtrace is cut at");
		snprintf(words, sizeof words, "\n  #%d ", WEFT__BACKTRACE_MAX);
		ck_assert(!said(&child, words));
	}
}
END_TEST

START_TEST(other_signals)
{
	const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	const char *const names[] = { "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE" };
	for (int i = 0; i < 4; i++) {
		struct child child = crashing((struct crash){ .fn = raise_it, .arg = (void *)(intptr_t)signals[i] });
		ck_died(&child, signals[i]);
		ck_said(&child, "was sent");
		ck_said(&child, names[i]);
	}
}
END_TEST

START_TEST(a_bound_thread)
{
	struct child child = crashing((struct crash){ .fn = dereference, .kind = WEFT_BOUND });
	ck_died(&child, SIGSEGV);
	ck_said(&child, "weft: crash: ");
	ck_said(&child, "SIGSEGV");
}
END_TEST

START_TEST(no_report)
{
	struct child child = crashing((struct crash){ .fn = dereference, .silent = true });
	ck_died(&child, SIGSEGV);
	ck_assert_msg(!said(&child, "weft: "), "it said: %s", child.text);
}
END_TEST

static void previous(int sig)
{
	check_eq(write(STDERR_FILENO, "previous\n", 9), 9);
	_exit(sig == SIGSEGV ? 33 : 34);
}

static int run_with_previous(void *arg)
{
	signal(SIGSEGV, previous);
	return run_crash(arg);
}

START_TEST(the_previous_handler_is_next)
{
	crash = (struct crash){ .fn = dereference };
	struct child child = run_child(run_with_previous, NULL);
	ck_exited(&child, 33);
	ck_said(&child, "weft: crash: green thread");
	ck_said(&child, "previous\n");
	crash.fn = raise_it;
	crash.arg = (void *)SIGSEGV;
	child = run_child(run_with_previous, NULL);
	ck_exited(&child, 33);
}
END_TEST

static void *same(void *arg)
{
	return arg;
}

START_TEST(handlers_are_put_back)
{
	struct sigaction before, during, after;
	signal(SIGBUS, previous);
	sigaction(SIGBUS, NULL, &before);
	ck_assert_int_eq(weft_start(NULL), 0);
	sigaction(SIGBUS, NULL, &during);
	ck_assert(during.sa_handler != before.sa_handler);
	ck_assert_int_eq(weft_stop(), 0);
	sigaction(SIGBUS, NULL, &after);
	ck_assert(after.sa_handler == before.sa_handler);
	ck_assert_int_eq(weft_start(NULL), 0);
	signal(SIGBUS, SIG_IGN); /* somebody else's, installed since: left alone */
	join(spawn(NULL, same, NULL));
	ck_assert_int_eq(weft_stop(), 0);
	sigaction(SIGBUS, NULL, &after);
	ck_assert(after.sa_handler == SIG_IGN);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_bad_address,
				       a_call_of_nothing,
				       a_smashed_stack,
				       overflow_of_the_stack,
				       other_signals,
				       a_bound_thread,
				       no_report,
				       the_previous_handler_is_next,
				       handlers_are_put_back,
				       NULL };
	return run_tests("system/crash", tests);
}
