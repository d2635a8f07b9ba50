/* SPDX-License-Identifier: MIT */
/*
 * A crash takes the process. The handler runs on the kernel thread's alternate stack and writes a report by write(2):
 * first the line that says what happened, then the backtrace, frame by frame. If nobody handled the signal before weft,
 * it puts the default back and returns: the instruction faults again, and the core dump shows the fault itself.
 * Otherwise it calls the handler that was there, which may even recover.
 */
#include "src/crash/report.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "src/base/panic.h"
#include "src/crash/backtrace.h"
#include "src/sched/name.h"
#include "src/sched/worker.h"

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
enum { SIGNALS = sizeof signals / sizeof *signals };

static struct sigaction before[SIGNALS];
static bool installed;

static const char *signal_name(int sig)
{
	switch (sig) {
	case SIGSEGV:
		return "SIGSEGV (invalid memory access)";
	case SIGBUS:
		return "SIGBUS (bad memory access)";
	case SIGFPE:
		return "SIGFPE (arithmetic error)";
	case SIGILL:
		return "SIGILL (illegal instruction)";
	default:
		return "a signal";
	}
}

static void describe_thread(struct weft__text *text, const struct weft__thread *t, const struct weft__worker *w)
{
	char name[WEFT__NAME_SIZE];
	weft__text_str(text, "green thread ");
	weft__text_hex(text, t->handle);
	if (weft__name_load(t->handle, name)) {
		weft__text_str(text, " '");
		weft__text_str(text, name);
		weft__text_str(text, "'");
	}
	weft__text_str(text, " on worker ");
	weft__text_dec(text, w->index);
}

static void describe_overflow(struct weft__text *text, const struct weft__thread *t)
{
	size_t size = weft__stack_size(t->class);
	weft__text_str(text, "overflowed its stack of ");
	weft__text_dec(text, size / 1024);
	weft__text_str(text, " KiB: give it more by weft_attr_set_stack_size, or all threads by "
			     "weft_config_set_stack_size");
}

static void report(int sig, const siginfo_t *info, bool chained)
{
	struct weft__text text = { .len = 0 };
	struct weft__worker *w = weft__worker();
	struct weft__thread *t = w ? w->current : NULL;
	bool sent = info->si_code <= 0; /* by kill or raise: si_addr means nothing */
	weft__text_str(&text, "weft: crash: ");
	if (t)
		describe_thread(&text, t, w);
	else
		weft__text_str(&text, w ? "a worker, outside any green thread" : "a kernel thread outside the pool");
	weft__text_str(&text, " ");
	if (t && !sent && t->class < WEFT__STACK_CLASSES && weft__stack_guard_hit(info->si_addr, t, t->class)) {
		describe_overflow(&text, t);
	} else {
		weft__text_str(&text, sent ? "was sent " : "got ");
		weft__text_str(&text, signal_name(sig));
	}
	if (!sent) {
		weft__text_str(&text, "; address ");
		weft__text_hex(&text, (uint64_t)info->si_addr);
	}
	weft__text_str(&text, chained ? ". The program's own handler is called.\n" : ". The process dies of it.\n");
	weft__text_write(&text, STDERR_FILENO);
}

static void describe_spawn(const void *call)
{
	struct weft__text text = { .len = 0 };
	weft__text_str(&text, "weft: spawned at ");
	weft__text_hex(&text, (uintptr_t)call);
	weft__backtrace_name(&text, call);
	weft__text_str(&text, "\n");
	weft__text_write(&text, STDERR_FILENO);
}

/* Once the report itself is out, since this reads what may be damaged. */
static void trace(const void *context)
{
	const void *pcs[WEFT__BACKTRACE_MAX];
	unsigned n = weft__backtrace_signal(context, pcs, WEFT__BACKTRACE_MAX);
	struct weft__worker *w = weft__worker();
	weft__backtrace_write(pcs, n, STDERR_FILENO);
	if (n == WEFT__BACKTRACE_MAX)
		weft__warn_number("the backtrace is cut at ", WEFT__BACKTRACE_MAX, " frames");
	if (w && w->current)
		describe_spawn((const char *)w->current->spawned_at - 1); /* it is a return address */
}

static const struct sigaction *action_before(int sig)
{
	int i = 0;
	while (signals[i] != sig)
		i++;
	return &before[i];
}

static void handle(int sig, siginfo_t *info, void *context)
{
	const struct sigaction *old = action_before(sig);
	bool chained = (old->sa_flags & SA_SIGINFO) || (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN);
	int saved = errno;
	report(sig, info, chained);
	trace(context);
	errno = saved;
	if (chained && (old->sa_flags & SA_SIGINFO)) {
		old->sa_sigaction(sig, info, context);
	} else if (chained) {
		old->sa_handler(sig);
	} else {
		signal(sig, SIG_DFL);
		if (info->si_code <= 0)
			raise(sig); /* nothing faults again by itself: delivered when this handler returns */
	}
}

void weft__crash_install(void)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	sigemptyset(&action.sa_mask);
	for (int i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, &before[i]);
	installed = true;
}

void weft__crash_uninstall(void)
{
	struct sigaction now;
	for (int i = 0; installed && i < SIGNALS; i++)
		if (sigaction(signals[i], NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle)
			sigaction(signals[i], &before[i], NULL);
	installed = false;
}
