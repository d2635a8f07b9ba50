/* SPDX-License-Identifier: MIT */
/* What tests of processes share: a runtime that can have them, and looks at what is left. */
#ifndef WEFT_TESTS_PROCESS_H
#define WEFT_TESTS_PROCESS_H

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/support/descriptors.h"
#include "tests/support/support.h"

/* As the environment says, and 1 worker in each process. */
static inline struct weft_config with_processes(void)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	check_eq(weft_config_set_process_workers(&config, 1), 0);
	return config;
}

/* ThreadSanitizer refuses threads in what was forked after there were any: one runtime with processes, no more. */
static inline int runtimes(int n)
{
	return WEFT__TSAN ? 1 : n;
}

static inline void *run_with_processes(void *(*fn)(void *), void *arg)
{
	struct weft_config config = with_processes();
	return run_with(&config, fn, arg);
}

static inline struct weft_status end_of(weft_t thread)
{
	struct weft_status status;
	memset(&status, 0xff, sizeof status);
	check_eq(weft_join_status(thread, &status), 0);
	return status;
}

/* Bodies: twice the number, and that number as the exit status. */
static inline void *number(void *arg)
{
	return (void *)((uintptr_t)arg * 2);
}

static inline void *by_exit(void *arg)
{
	if (WEFT__ASAN) /* which looks for leaks, and says so by the status */
		_exit((int)(intptr_t)arg);
	exit((int)(intptr_t)arg);
}

/* Memory that processes share, zeroed: made before the runtime. */
static inline void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(p != MAP_FAILED);
	return p;
}

/* A process that died, and is not reaped yet, is gone. */
static inline bool is_gone(pid_t pid)
{
	char path[32], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return true;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	const char *state = strrchr(text, ')');
	return !state || state[2] == 'Z' || state[2] == 'X';
}

static inline pid_t process_of(weft_t thread)
{
	pid_t pid = 0;
	check_eq(weft_process_id(thread, &pid), 0);
	check(pid > 0 && pid != getpid());
	return pid;
}

#endif
