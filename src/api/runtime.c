/* SPDX-License-Identifier: MIT */
/* weft_run, weft_start, weft_stop: the settings are read, the crash report is put in place, the pool does the rest. */
#include "weft/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/api/config.h"
#include "src/base/panic.h"
#include "src/crash/contain.h"
#include "src/crash/deadlock.h"
#include "src/crash/dump.h"
#include "src/crash/handler.h"
#include "src/crash/report.h"
#include "src/io/blocking.h"
#include "src/os/fork.h"
#include "src/poll/poller.h"
#include "src/process/process.h"
#include "src/sched/monitor.h"
#include "src/sched/pool.h"
#include "src/sched/spawn.h"
#include "src/sched/worker.h"
#include "src/sync/address.h"
#include "src/sync/mutex.h"
#include "weft/version.h"

enum { DEFAULT_STACK = 256 * 1024 };

static uint32_t workers_from_environment(void)
{
	const char *text = getenv("WEFT_WORKERS");
	char *end = NULL;
	if (!text || !*text)
		return 0;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || n < 1 || n > WEFT__WORKERS_MAX) {
		weft__warn("WEFT_WORKERS is not a number from 1 to 256: ignored");
		return 0;
	}
	return (uint32_t)n;
}

static enum weft_io io_from_environment(void)
{
	const char *text = getenv("WEFT_IO");
	if (!text || !*text)
		return WEFT_IO_DEFAULT;
	if (!strcmp(text, "epoll"))
		return WEFT_IO_EPOLL;
	if (!strcmp(text, "uring"))
		return WEFT_IO_URING;
	weft__warn("WEFT_IO is neither epoll nor uring: ignored");
	return WEFT_IO_DEFAULT;
}

static bool crash_handled;

static void handle_crashes(const struct weft__config *config)
{
	crash_handled = !config->no_crash_report || config->crash == WEFT_CRASH_CONTAIN;
	weft__contain_set(config->crash);
	weft__report_set(config->crash_fd_plus_one ? config->crash_fd_plus_one - 1 : STDERR_FILENO,
			 config->crash_format == WEFT_CRASH_JSON);
	if (crash_handled)
		weft__crash_install(!config->no_crash_report);
}

static void started(const void *of)
{
	const struct weft__config *config = of;
	weft__poller_choose(config->io ? (enum weft_io)config->io : io_from_environment());
	handle_crashes(config);
	weft__dump_install(config->dump_signal);
	weft__deadlock_set((enum weft_deadlock)config->deadlock);
	weft__blocking_start(config->blocking_threads);
}

static void stopping(void)
{
	weft__processes_stop();
	weft__blocking_stop();
	weft__report_write_kept(UINT_MAX);
	weft__dump_uninstall();
	if (crash_handled)
		weft__crash_uninstall();
}

/* A report takes some hundred microseconds, and the monitor has other work. */
enum { AT_A_LOOK = 4 };

/* What the crashes have left to do that were contained. */
static void look_after_crashes(void)
{
	weft__report_write_kept(AT_A_LOOK);
	weft__mutex_tell_of_crashes();
}

static void looked(uint64_t now)
{
	look_after_crashes();
	weft__dump_if_asked();
	weft__deadlock_look_at_mutexes(now);
}

static uint64_t all_asleep(uint64_t now)
{
	look_after_crashes();
	return weft__deadlock_look(now);
}

static const struct weft__watch watch = { looked, all_asleep };

static struct weft__settings settings_of(const struct weft_config *public_config)
{
	static const struct weft__config plain;
	const struct weft__config *config =
		public_config ? (const struct weft__config *)(const void *)public_config : &plain;
	return (struct weft__settings){
		.workers = config->workers ? config->workers : workers_from_environment(),
		.stack_class = config->class_plus_one ? (uint8_t)(config->class_plus_one - 1)
						      : (uint8_t)weft__stack_class(DEFAULT_STACK),
		.fp_control = !config->no_fp_control,
		.started = started,
		.stopping = stopping,
		.config = config,
		.seed = config->seed,
		.watch = &watch,
	};
}

/* Before the runtime has any kernel thread: see src/process/process.h. The runtime of a child is as this one, but for that. */
static int start_processes(const struct weft_config *config)
{
	struct weft_config of_child = WEFT_CONFIG_INIT;
	struct weft__config *c = (struct weft__config *)(void *)&of_child;
	if (!config || !((const struct weft__config *)(const void *)config)->process_workers || weft_workers())
		return 0; /* where a runtime runs, none will be started */
	of_child = *config;
	unsigned workers = c->process_workers;
	c->workers = workers;
	c->process_workers = 0;
	return weft__processes_start(&of_child, workers);
}

int weft_run(const struct weft_config *config, void *(*fn)(void *), void *arg, void **result)
{
	if (!fn)
		return -EINVAL;
	struct weft__settings settings = settings_of(config);
	int err = start_processes(config);
	if (err)
		return err;
	err = weft__pool_run(&settings, fn, arg, result);
	if (err && err != -EALREADY && err != -EDEADLK)
		weft__processes_stop();
	return err;
}

int weft_start(const struct weft_config *config)
{
	struct weft__settings settings = settings_of(config);
	int err = start_processes(config);
	if (err)
		return err;
	err = weft__pool_start(&settings);
	if (err && err != -EALREADY && err != -EDEADLK)
		weft__processes_stop();
	return err;
}

int weft_stop(void)
{
	return weft__pool_stop();
}

/* From the top down: what is forgotten below may be used above. */
int weft_fork_reset(void)
{
	if (!weft__os_forked)
		return weft_workers() ? -EBUSY : 0;
	weft__dump_uninstall();
	if (crash_handled)
		weft__crash_uninstall();
	weft__blocking_forget();
	weft__poller_forget();
	weft__address_forget();
	weft__pool_forget();
	return 0;
}

int weft_dump(int fd)
{
	if (fcntl(fd, F_GETFD) < 0)
		return -EBADF;
	int err = weft__pool_enter_outside(); /* counted as a thread that is alive, it keeps the pool */
	if (err)
		return err;
	weft__dump(fd);
	weft__pool_leave_outside();
	return 0;
}

unsigned weft_workers(void)
{
	return weft__load_acq(&weft__pool.state) == WEFT__POOL_NONE ? 0 : weft__pool.parallelism;
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *weft_version(void)
{
	return TEXT(WEFT_VERSION_MAJOR) "." TEXT(WEFT_VERSION_MINOR) "." TEXT(WEFT_VERSION_PATCH);
}
