/* SPDX-License-Identifier: MIT */
/* Counting usable CPUs: the affinity mask, and the tightest cgroup quota between this process's group and the root. Where a kernel thread
 * runs: glibc's restartable sequence, and the mask. */
#include "src/os/cpu.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

static unsigned affinity(void)
{
	unsigned n = 0;
	for (int cpus = 1024; cpus <= 65536; cpus *= 4) {
		cpu_set_t *set = CPU_ALLOC((size_t)cpus);
		size_t size = CPU_ALLOC_SIZE((size_t)cpus);
		if (!set)
			break;
		if (sched_getaffinity(0, size, set) == 0)
			n = (unsigned)CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (n)
			return n;
	}
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

static bool read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* quota/period in CPUs, rounded up; UINT_MAX for no limit. */
static unsigned cpus_of(long long quota, long long period)
{
	if (quota <= 0 || period <= 0)
		return UINT_MAX;
	long long n = (quota + period - 1) / period;
	return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

static unsigned quota_of_group(const char *mount, const char *group)
{
	char path[PATH_MAX + 64], text[128], period[64];
	snprintf(path, sizeof path, "%s%s/cpu.max", mount, group); /* v2: "max 100000" or "150000 100000" */
	if (read_file(path, text, sizeof text)) {
		long long q = 0, p = 0;
		return sscanf(text, "%lld %lld", &q, &p) == 2 ? cpus_of(q, p) : UINT_MAX;
	}
	snprintf(path, sizeof path, "%s%s/cpu.cfs_quota_us", mount, group);
	if (!read_file(path, text, sizeof text))
		return UINT_MAX;
	snprintf(path, sizeof path, "%s%s/cpu.cfs_period_us", mount, group);
	return read_file(path, period, sizeof period) ? cpus_of(atoll(text), atoll(period)) : UINT_MAX;
}

/* The tightest quota of the group and all above it; inside a container the group may be named as the host sees it, and
 * the root of the mount is then the group itself. */
static unsigned quota(const char *mount, char *group)
{
	unsigned least = quota_of_group(mount, "");
	while (group[0] && strcmp(group, "/") != 0) {
		unsigned n = quota_of_group(mount, group);
		if (n < least)
			least = n;
		*strrchr(group, '/') = 0;
	}
	return least;
}

static unsigned cgroup(void)
{
	char text[8192];
	unsigned least = UINT_MAX;
	if (!read_file("/proc/self/cgroup", text, sizeof text))
		return least;
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *controllers = strchr(line, ':'); /* "0::/path" (v2) or "4:cpu,cpuacct:/path" (v1) */
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group || group[1] != '/')
			continue;
		*group++ = 0;
		bool v2 = controllers[1] == 0;
		if (!v2 && !strstr(controllers, "cpu"))
			continue;
		unsigned n = quota(v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu", group);
		if (n < least)
			least = n;
	}
	return least;
}

unsigned weft__os_cpus(void)
{
	unsigned cpus = affinity(), limit = cgroup();
	return cpus < limit ? cpus : limit;
}

const volatile uint32_t *weft__os_cpu_word(void)
{
#ifdef RSEQ_SIG
	if (__rseq_size)
		return (const volatile uint32_t *)((char *)__builtin_thread_pointer() + __rseq_offset +
						   offsetof(struct rseq, cpu_id));
#endif
	return NULL;
}

bool weft__os_may_run_on(cpu_set_t *cpus)
{
	return sched_getaffinity(0, sizeof *cpus, cpus) == 0;
}

bool weft__os_run_on(const cpu_set_t *cpus)
{
	return sched_setaffinity(0, sizeof *cpus, cpus) == 0;
}
