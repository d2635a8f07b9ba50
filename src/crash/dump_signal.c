/* SPDX-License-Identifier: MIT */
/* A dump upon a signal: the handler asks for it, the monitor writes it. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "src/base/atomic.h"
#include "src/crash/dump.h"
#include "src/sched/monitor.h"

static struct {
	int signal; /* 0: none */
	weft__a32 asked;
	struct sigaction before;
} by_signal;

static void handle(int signal)
{
	int saved = errno;
	(void)signal;
	weft__store_rlx(&by_signal.asked, 1); /* relaxed: it is a question, no more */
	weft__monitor_rouse();
	errno = saved;
}

void weft__dump_install(int signal)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART | SA_ONSTACK };
	sigemptyset(&action.sa_mask);
	by_signal.signal = signal;
	if (signal)
		sigaction(signal, &action, &by_signal.before);
}

void weft__dump_uninstall(void)
{
	if (by_signal.signal)
		sigaction(by_signal.signal, &by_signal.before, NULL);
}

void weft__dump_if_asked(void)
{
	if (!weft__load_rlx(&by_signal.asked)) /* relaxed: see handle() */
		return;
	weft__store_rlx(&by_signal.asked, 0);
	weft__dump(STDERR_FILENO);
}
