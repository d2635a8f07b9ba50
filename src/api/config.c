/* SPDX-License-Identifier: MIT */
/* The setters of weft_config and weft_attr: bad values are refused here, by the call that gives them. */
#include "src/api/config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "src/io/blocking.h"
#include "src/sched/attr.h"
#include "src/sched/worker.h"
#include "weft/process.h"

/* struct weft__attr begins with its kind, one byte. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
const struct weft_attr weft_attr_bound = { { (uint64_t)WEFT_KIND_BOUND << 56 } };
const struct weft_attr weft_attr_process = { { (uint64_t)WEFT_KIND_PROCESS << 56 } };
#else
const struct weft_attr weft_attr_bound = { { WEFT_KIND_BOUND } };
const struct weft_attr weft_attr_process = { { WEFT_KIND_PROCESS } };
#endif
_Static_assert(offsetof(struct weft__attr, kind) == 0, "weft_attr_bound");

static struct weft__config *config_of(struct weft_config *config)
{
	return (struct weft__config *)(void *)config;
}

static struct weft__attr *attr_of(struct weft_attr *attr)
{
	return (struct weft__attr *)(void *)attr;
}

static int set_class(uint8_t *class_plus_one, size_t bytes)
{
	int class = weft__stack_class(bytes);
	if (bytes && (bytes < weft__stack_size(0) || class < 0))
		return -EINVAL;
	*class_plus_one = bytes ? (uint8_t)(class + 1) : 0;
	return 0;
}

int weft_config_set_workers(struct weft_config *config, unsigned workers)
{
	if (!config || workers > WEFT__WORKERS_MAX)
		return -EINVAL;
	config_of(config)->workers = workers;
	return 0;
}

int weft_config_set_stack_size(struct weft_config *config, size_t bytes)
{
	return config ? set_class(&config_of(config)->class_plus_one, bytes) : -EINVAL;
}

int weft_config_set_fp_control(struct weft_config *config, bool keep)
{
	if (!config)
		return -EINVAL;
	config_of(config)->no_fp_control = !keep;
	return 0;
}

int weft_config_set_crash_report(struct weft_config *config, bool report)
{
	if (!config)
		return -EINVAL;
	config_of(config)->no_crash_report = !report;
	return 0;
}

int weft_config_set_crash(struct weft_config *config, enum weft_crash policy)
{
	if (!config || (unsigned)policy > WEFT_CRASH_CONTAIN)
		return -EINVAL;
	config_of(config)->crash = (uint8_t)policy;
	return 0;
}

int weft_config_set_crash_fd(struct weft_config *config, int fd)
{
	if (!config || fd < 0 || fd == INT_MAX)
		return -EINVAL;
	config_of(config)->crash_fd_plus_one = fd + 1;
	return 0;
}

int weft_config_set_crash_format(struct weft_config *config, enum weft_crash_format format)
{
	if (!config || (unsigned)format > WEFT_CRASH_JSON)
		return -EINVAL;
	config_of(config)->crash_format = (uint8_t)format;
	return 0;
}

int weft_config_set_blocking_threads(struct weft_config *config, unsigned threads)
{
	if (!config || threads > WEFT__BLOCKING_MAX)
		return -EINVAL;
	config_of(config)->blocking_threads = threads;
	return 0;
}

int weft_config_set_deadlock(struct weft_config *config, enum weft_deadlock policy)
{
	if (!config || (unsigned)policy > WEFT_DEADLOCK_IGNORE)
		return -EINVAL;
	config_of(config)->deadlock = (uint8_t)policy;
	return 0;
}

int weft_config_set_dump_signal(struct weft_config *config, int signal)
{
	struct sigaction action;
	if (!config || signal < 0 || signal > UINT8_MAX || signal == SIGKILL || signal == SIGSTOP ||
	    (signal && sigaction(signal, NULL, &action)))
		return -EINVAL;
	config_of(config)->dump_signal = (uint8_t)signal;
	return 0;
}

int weft_config_set_io(struct weft_config *config, enum weft_io io)
{
	if (!config || (unsigned)io > WEFT_IO_URING)
		return -EINVAL;
	config_of(config)->io = (uint8_t)io;
	return 0;
}

int weft_config_set_process_workers(struct weft_config *config, unsigned workers)
{
	if (!config || workers > WEFT__WORKERS_MAX)
		return -EINVAL;
	config_of(config)->process_workers = (uint16_t)workers;
	return 0;
}

int weft_config_set_seed(struct weft_config *config, uint64_t seed)
{
	if (!config)
		return -EINVAL;
	config_of(config)->seed = seed;
	return 0;
}

int weft_attr_set_kind(struct weft_attr *attr, enum weft_kind kind)
{
	if (!attr || (unsigned)kind > WEFT_KIND_PROCESS)
		return -EINVAL;
	attr_of(attr)->kind = (uint8_t)kind;
	return 0;
}

int weft_attr_set_stack_size(struct weft_attr *attr, size_t bytes)
{
	return attr ? set_class(&attr_of(attr)->class_plus_one, bytes) : -EINVAL;
}

int weft_attr_set_name(struct weft_attr *attr, const char *name)
{
	if (!attr || !name)
		return -EINVAL;
	strncpy(attr_of(attr)->name, name, WEFT__NAME_SIZE - 1);
	return 0;
}

int weft_attr_set_worker(struct weft_attr *attr, unsigned worker)
{
	if (!attr || (worker >= WEFT__WORKERS_MAX && worker != WEFT_ANY_WORKER))
		return -EINVAL;
	attr_of(attr)->home_plus_one = (uint16_t)(worker + 1); /* 0 for WEFT_ANY_WORKER */
	return 0;
}

int weft_attr_set_crash(struct weft_attr *attr, enum weft_crash policy)
{
	if (!attr || (unsigned)policy > WEFT_CRASH_CONTAIN)
		return -EINVAL;
	attr_of(attr)->crash = (uint8_t)policy;
	return 0;
}

int weft_attr_set_queued(struct weft_attr *attr, bool queued)
{
	if (!attr)
		return -EINVAL;
	attr_of(attr)->queued = queued;
	return 0;
}

int weft_attr_set_detached(struct weft_attr *attr, bool detached)
{
	if (!attr)
		return -EINVAL;
	attr_of(attr)->detached = detached;
	return 0;
}

int weft_attr_set_data(struct weft_attr *attr, const void *data, size_t size)
{
	if (!attr || (!data && size) || size > WEFT_DATA_MAX)
		return -EINVAL;
	attr_of(attr)->data = data;
	attr_of(attr)->data_size = (uint32_t)size;
	return 0;
}

int weft_attr_set_descriptors(struct weft_attr *attr, const int *fds, unsigned count)
{
	if (!attr || (!fds && count) || count > WEFT_DESCRIPTORS_MAX)
		return -EINVAL;
	attr_of(attr)->descriptors = fds;
	attr_of(attr)->descriptors_count = count;
	return 0;
}

int weft_attr_set_kill_after(struct weft_attr *attr, uint64_t nanoseconds)
{
	if (!attr)
		return -EINVAL;
	attr_of(attr)->kill_after = nanoseconds;
	return 0;
}
