/* SPDX-License-Identifier: MIT */
/* What is not contained, though it is asked for: the process dies within a moment, of that signal, and the report says why. */
#include "tests/support/faults.h"

#include <ucontext.h>

#include "tests/support/child.h"

static struct {
	void *(*fn)(void *);
	const struct weft_attr *kind;
	bool json;
} doomed;

static struct weft_chan *chan;

static void *body(void *arg)
{
	(void)arg;
	(void)weft_join(spawn(doomed.kind, doomed.fn, (void *)NOWHERE), NULL);
	return NULL;
}

static int run_doomed(void *arg)
{
	struct weft_config config = containing(workers_at_least(1));
	weft_config_set_crash_report(&config, true);
	weft_config_set_crash_format(&config, doomed.json ? WEFT_CRASH_JSON : WEFT_CRASH_TEXT);
	return weft_run(&config, body, arg, NULL) ? 98 : 99;
}

static struct child run_to_death(void *(*fn)(void *), bool json)
{
	doomed.fn = fn;
	doomed.json = json;
	return run_child(run_doomed, NULL);
}

static void dies(void *(*fn)(void *), int signal, const char *why)
{
	for (int i = 0; i < 2; i++) {
		doomed.kind = i ? WEFT_BOUND : WEFT_GREEN;
		struct child child = run_to_death(fn, false);
		ck_died(&child, signal);
		ck_said(&child, "cannot be contained: ");
		ck_said(&child, why);
		ck_said(&child, i ? "bound thread 0x" : "green thread 0x");
		ck_said(&child, "\n  #0 0x");
		child = run_to_death(fn, true);
		ck_died(&child, signal);
		ck_said(&child, "\"contained\":false,\"why_not\":\"");
		ck_said(&child, why);
	}
}

/* --- inside the C library, or called by it --- */

static int compare(const void *a, const void *b)
{
	(void)a, (void)b;
	fault(NULL_WRITE);
	return 0;
}

static void *in_qsort(void *arg)
{
	char many[10000];
	memset(many, (int)(uintptr_t)arg, sizeof many);
	qsort(many, sizeof many, 1, compare);
	return NULL;
}

static void *in_free(void *arg)
{
	free((void *)((uintptr_t)arg & ~(uintptr_t)15));
	return NULL;
}

static void *in_printf(void *arg)
{
	char text[100];
	snprintf(text, sizeof text, "%s", (char *)arg);
	return NULL;
}

static void *in_abort(void *arg)
{
	(void)arg;
	abort();
}

static void *by_raise(void *arg)
{
	raise(SIGSEGV);
	return arg;
}

static void handler(int signal)
{
	(void)signal;
	fault(NULL_WRITE);
}

static void *in_a_handler(void *arg)
{
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	return arg;
}

START_TEST(in_the_c_library)
{
	if (!WEFT__ASAN) { /* which has its own, in the program */
		dies(in_qsort, SIGSEGV, "had called the function");
		dies(in_free, SIGSEGV, "inside the C library");
		dies(in_printf, SIGSEGV, "inside the C library");
	}
	dies(in_abort, SIGABRT, "was sent");
	dies(by_raise, SIGSEGV, "was sent");
#if defined(__x86_64__) /* elsewhere the kernel's own code may have no unwind tables, under emulation */
	dies(in_a_handler, SIGSEGV, "or a signal had");
#else
	dies(in_a_handler, SIGSEGV, "");
#endif
}
END_TEST

/* --- inside weft, or called by it --- */

static void crash(void *arg)
{
	(void)arg;
	fault(NULL_WRITE);
}

static void *in_lock(void *arg)
{
	(void)weft_mutex_lock(arg);
	return NULL;
}

static void *in_send(void *arg)
{
	check_eq(weft_chan_create(&chan, 24, 4), 0);
	(void)weft_chan_send(chan, arg);
	return NULL;
}

static void *in_once(void *arg)
{
	static struct weft_once once = WEFT_ONCE_INIT;
	(void)weft_once(&once, crash, arg);
	return NULL;
}

static void *in_pop(void *arg)
{
	struct weft_cleanup cleanup;
	weft_cleanup_push(&cleanup, crash, arg);
	weft_cleanup_pop(&cleanup, true);
	return NULL;
}

static void *at_exit(void *arg)
{
	struct weft_cleanup cleanup;
	weft_cleanup_push(&cleanup, crash, arg);
	weft_exit(NULL);
}

static void *in_destructor(void *arg)
{
	weft_local_t key;
	check_eq(weft_local_create(&key, crash), 0);
	check_eq(weft_local_set(key, arg), 0);
	return NULL;
}

START_TEST(in_weft)
{
	dies(in_lock, SIGSEGV, "inside weft");
	dies(in_send, SIGSEGV, "it was inside ");
	dies(in_once, SIGSEGV, "weft had called the function");
	dies(in_pop, SIGSEGV, "weft had called the function");
	dies(at_exit, SIGSEGV, "weft had called the function");
	dies(in_destructor, SIGSEGV, "weft had called the function");
}
END_TEST

/* --- twice --- */

static void *again_in_a_handler(void *arg)
{
	struct weft_cleanup cleanup;
	weft_cleanup_push(&cleanup, crash, arg);
	fault(NULL_WRITE);
	return NULL;
}

static void *again_in_a_destructor(void *arg)
{
	weft_local_t key;
	check_eq(weft_local_create(&key, crash), 0);
	check_eq(weft_local_set(key, arg), 0);
	fault(OVERFLOW);
	return NULL;
}

START_TEST(nested)
{
	dies(again_in_a_handler, SIGSEGV, "it had crashed before");
	dies(again_in_a_destructor, SIGSEGV, "it had crashed before");
}
END_TEST

/* --- stacks that cannot be followed --- */

CARELESS static void *smash(void *arg)
{
	volatile uintptr_t *word = __builtin_frame_address(0);
	for (int i = 0; i < 16; i++)
		word[i] = 0x4141414141414141u;
	return arg;
}

static ucontext_t here, there;
static char elsewhere[65536];

static void crash_elsewhere(void)
{
	fault(NULL_WRITE);
}

static void *on_another_stack(void *arg)
{
	getcontext(&there);
	there.uc_stack.ss_sp = elsewhere;
	there.uc_stack.ss_size = sizeof elsewhere;
	there.uc_link = &here;
	makecontext(&there, crash_elsewhere, 0);
	swapcontext(&here, &there);
	return arg;
}

START_TEST(odd_stacks)
{
	doomed.kind = WEFT_GREEN;
	struct child child = run_to_death(smash, false);
	ck_assert(WIFSIGNALED(child.status) || WEFT__ASAN);
	ck_said(&child, "cannot be contained: ");
	child = run_to_death(on_another_stack, false);
	ck_died(&child, SIGSEGV);
	ck_said(&child, "cannot be contained: it was not on its own stack");
}
END_TEST

/* --- who is no thread of weft's; a panic --- */

static void *block(void *arg)
{
	fault(NULL_WRITE);
	return arg;
}

static void *in_the_pool(void *arg)
{
	return weft_blocking(block, arg, NULL) ? arg : NULL;
}

static void *panics(void *arg)
{
	struct weft_mutex mutex = WEFT_MUTEX_INIT;
	weft_mutex_unlock(&mutex);
	return arg;
}

START_TEST(others)
{
	doomed.kind = WEFT_GREEN;
	struct child child = run_to_death(in_the_pool, false);
	ck_died(&child, SIGSEGV);
	ck_said(&child, "a kernel thread outside the pool got SIGSEGV");
	child = run_to_death(panics, true);
	ck_died(&child, SIGABRT);
	ck_said(&child, "\"message\":\"weft_mutex_unlock: the caller does not hold the mutex\"");
	ck_said(&child, "\"signal\":\"SIGABRT\"");
	ck_said(&child, "\"function\":\"weft_mutex_unlock");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { in_the_c_library, in_weft, nested, odd_stacks, others, NULL };
	skip_unless_contained();
	return run_tests("system/contain_not", tests);
}
