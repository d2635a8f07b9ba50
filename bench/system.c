/* SPDX-License-Identifier: MIT */
/* What the benches ask of Linux. See system.h. */
#include "system.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define TASKS_FOR_OTHERS 1500u

/* The CPUs allowed at the program's start: later ones are subsets, pinned by ourselves. */
static cpu_set_t *allowed(void)
{
	static cpu_set_t set;
	static bool known;

	if (!known) {
		if (sched_getaffinity(0, sizeof(set), &set) != 0)
			CPU_SET(0, &set);
		known = true;
	}
	return &set;
}

unsigned system_cpus(void)
{
	return (unsigned)CPU_COUNT(allowed());
}

bool system_has_cpu(unsigned cpu)
{
	return cpu < CPU_SETSIZE && CPU_ISSET(cpu, allowed());
}

/* A number or a range, into set; where the list goes on. NULL: it is none. */
static const char *add_range(const char *list, cpu_set_t *set)
{
	char *end;
	unsigned long first, last;

	if (*list < '0' || *list > '9')
		return NULL;
	first = last = strtoul(list, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		last = strtoul(end + 1, &end, 10);
	if (last < first || last >= CPU_SETSIZE || (*end && *end != ','))
		return NULL;
	for (; first <= last; first++)
		CPU_SET(first, set);
	return *end == ',' ? end + 1 : end;
}

bool system_allow(const char *list)
{
	cpu_set_t set, both;

	CPU_ZERO(&set);
	do
		list = add_range(list, &set);
	while (list && *list);
	CPU_AND(&both, &set, allowed());
	if (!list || !CPU_EQUAL(&both, &set) || sched_setaffinity(0, sizeof(set), &set) != 0)
		return false;
	*allowed() = set;
	return true;
}

static void pin(unsigned first, unsigned count)
{
	cpu_set_t set;
	unsigned seen = 0;

	CPU_ZERO(&set);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, allowed()))
			continue;
		if (seen >= first && seen < first + count)
			CPU_SET(cpu, &set);
		seen++;
	}
	if (CPU_COUNT(&set) != 0)
		(void)sched_setaffinity(0, sizeof(set), &set);
}

void system_pin_first(unsigned count)
{
	pin(0, count);
}

void system_pin_to(unsigned index)
{
	pin(index, 1);
}

void *system_must(void *memory)
{
	if (memory)
		return memory;
	fputs("weft-bench: no memory\n", stderr);
	exit(1);
}

void *system_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void system_unshare(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

/* The sum of the "NAME: N kB" lines of a /proc file whose name is in the NULL-terminated list. */
static uint64_t sum_of_lines(const char *path, const char *const *names)
{
	char line[256], name[64];
	unsigned long kib;
	uint64_t sum = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %lu kB", name, &kib) != 2)
			continue;
		for (const char *const *n = names; *n; n++)
			if (strcmp(*n, name) == 0)
				sum += (uint64_t)kib * 1024;
	}
	fclose(f);
	return sum;
}

uint64_t system_resident(void)
{
	return sum_of_lines("/proc/self/smaps_rollup", (const char *const[]){ "Anonymous", NULL });
}

uint64_t system_resident_of(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	return sum_of_lines(path, (const char *const[]){ "Pss", NULL });
}

uint64_t system_kernel_bytes(void)
{
	return sum_of_lines("/proc/meminfo", (const char *const[]){ "KernelStack", "SUnreclaim", NULL });
}

/* A file that holds one number; `otherwise` if it does not. */
static uint64_t number_in(const char *path, uint64_t otherwise)
{
	unsigned long value;
	FILE *f = fopen(path, "re");

	if (!f)
		return otherwise;
	if (fscanf(f, "%lu", &value) == 1)
		otherwise = value;
	fclose(f);
	return otherwise;
}

uint64_t system_available(void)
{
	uint64_t machine = sum_of_lines("/proc/meminfo", (const char *const[]){ "MemAvailable", NULL });
	uint64_t limit = number_in("/sys/fs/cgroup/memory.max", UINT64_MAX);
	uint64_t used = number_in("/sys/fs/cgroup/memory.current", 0);
	uint64_t group = limit > used ? limit - used : 0;

	return machine < group ? machine : group;
}

/* The tasks that there are, by /proc/loadavg: "0.00 0.00 0.00 1/234 5678". */
static uint64_t tasks(void)
{
	unsigned long all = 0;
	FILE *f = fopen("/proc/loadavg", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%*f %*f %*f %*u/%lu", &all) != 1)
		all = 0;
	fclose(f);
	return all;
}

uint64_t system_tasks_left(const char **limit)
{
	static const struct {
		const char *path, *name;
	} limits[] = { { "/proc/sys/kernel/pid_max", "kernel.pid_max" },
		       { "/proc/sys/kernel/threads-max", "kernel.threads-max" },
		       { "/sys/fs/cgroup/pids.max", "pids.max of the cgroup" } };
	uint64_t least = UINT64_MAX, used = tasks() + TASKS_FOR_OTHERS;
	struct rlimit own;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint64_t n = number_in(limits[i].path, UINT64_MAX);

		if (n >= least)
			continue;
		least = n;
		*limit = limits[i].name;
	}
	if (getrlimit(RLIMIT_NPROC, &own) == 0 && own.rlim_cur < least) {
		least = own.rlim_cur;
		*limit = "ulimit -u";
	}
	return least > used ? least - used : 0;
}

uint64_t system_tables_of(int pid)
{
	char path[64] = "/proc/self/status";

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return sum_of_lines(path, (const char *const[]){ "VmPTE", NULL });
}

static uint64_t cpu_time_of(int who)
{
	struct rusage u;

	if (getrusage(who, &u) != 0)
		return 0;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000u +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000u;
}

uint64_t system_cpu_time(void)
{
	return cpu_time_of(RUSAGE_SELF) + cpu_time_of(RUSAGE_CHILDREN);
}

const char *system_cpu_model(void)
{
	static char model[128] = "";
	char line[256];
	FILE *f = model[0] ? NULL : fopen("/proc/cpuinfo", "re");

	while (f && !model[0] && fgets(line, sizeof(line), f))
		(void)sscanf(line, "model name : %127[^\n]", model);
	if (f)
		fclose(f);
	if (!model[0])
		strcpy(model, "unknown");
	return model;
}
