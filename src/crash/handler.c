/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a crash. The handler runs on the kernel thread's alternate stack. If the crash is contained it returns, to
 * the thread's end (contain.c). Otherwise it writes the report, and if nobody handled the signal before weft it puts the
 * default back and returns: the instruction faults again, and the core dump shows the fault itself. If somebody did, it calls
 * that handler, which may even recover.
 *
 * A fault in the handler itself is of a signal that is blocked there: the kernel kills the process, without more words.
 */
#include "src/crash/handler.h"

#include <errno.h>

#include "src/crash/contain.h"
#include "src/crash/place.h"
#include "src/process/process.h"
#include "src/sched/monitor.h"

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
enum { SIGNALS = sizeof signals / sizeof *signals };

static struct sigaction before[SIGNALS];
static bool installed, reports;

static const struct sigaction *action_before(int sig)
{
	int i = 0;
	while (signals[i] != sig)
		i++;
	return &before[i];
}

/* The two kinds of handlers are in one place; some interceptors of sigaction answer SIG_DFL with SA_SIGINFO. */
static bool is_chained(const struct sigaction *old)
{
	return old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN;
}

static void go_on(const struct sigaction *old, int sig, siginfo_t *info, void *ucontext)
{
	if (is_chained(old) && (old->sa_flags & SA_SIGINFO)) {
		old->sa_sigaction(sig, info, ucontext);
	} else if (is_chained(old)) {
		old->sa_handler(sig);
	} else {
		signal(sig, SIG_DFL);
		if (info->si_code <= 0)
			raise(sig); /* nothing faults again by itself: delivered when this handler returns */
	}
}

void weft__crash_keep(const struct weft__crash *crash)
{
	if (reports)
		weft__report_keep(crash);
	weft__monitor_rouse();
}

static void handle(int sig, siginfo_t *info, void *ucontext)
{
	struct weft__crash crash;
	const struct sigaction *old = action_before(sig);
	int saved = errno;
	weft__crash_see(&crash, sig, info, ucontext);
	crash.chained = is_chained(old);
	bool contained = weft__contain(&crash, ucontext);
	if (contained)
		weft__crash_keep(&crash);
	else if (reports)
		weft__report_write(&crash);
	if (!contained && !crash.chained) /* that handler may recover */
		weft__process_crashed(sig, info->si_code, crash.address);
	errno = saved;
	if (!contained)
		go_on(old, sig, info, ucontext);
}

void weft__crash_install(bool report)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	sigemptyset(&action.sa_mask);
	for (int i = 0; i < SIGNALS; i++)
		sigaddset(&action.sa_mask, signals[i]);
	reports = report;
	weft__place_learn();
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
