/* SPDX-License-Identifier: MIT */
/* Who else had the CPUs. See noise.h. */
#include "noise.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "system.h"

#define WINDOW_NS 500000000u
#define MARKS 32u

/* Times in ns, ever growing. */
struct mark {
	uint64_t at, busy, stolen, own;
};

static struct mark first, marks[MARKS]; /* a ring of some moments, of which the oldest gets overwritten */
static unsigned next;

/* A line of /proc/stat: user nice system idle iowait irq softirq steal. */
static void add_cpu(struct mark *m, const char *line, uint64_t tick)
{
	unsigned long long t[8] = { 0 };
	unsigned cpu;

	if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &t[0], &t[1], &t[2], &t[3], &t[4],
		   &t[5], &t[6], &t[7]) != 9 ||
	    !system_has_cpu(cpu))
		return;
	m->busy += (t[0] + t[1] + t[2] + t[5] + t[6]) * tick;
	m->stolen += t[7] * tick;
}

static struct mark now(void)
{
	struct mark m = { .at = batch_now(), .own = system_cpu_time() };
	uint64_t tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	char line[512];
	FILE *f = fopen("/proc/stat", "re");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "cpu", 3) == 0)
			add_cpu(&m, line, tick);
	if (f)
		fclose(f);
	return m;
}

static struct noise between(const struct mark *from, const struct mark *to)
{
	double wall = (double)(to->at - from->at), busy = (double)(to->busy - from->busy);
	double own = (double)(to->own - from->own), stolen = (double)(to->stolen - from->stolen);
	struct noise n = { 0 };

	if (wall <= 0)
		return n;
	n.others = busy > own ? (busy - own) / wall : 0;
	n.stolen = stolen / wall / system_cpus();
	return n;
}

/* The youngest of the marks that are old enough. */
static const struct mark *begin_of_window(uint64_t at)
{
	const struct mark *found = &first;

	for (unsigned i = 0; i < MARKS; i++)
		if (marks[i].at && marks[i].at + WINDOW_NS <= at && marks[i].at > found->at)
			found = &marks[i];
	return found;
}

struct noise noise_now(void)
{
	const struct mark *newest = &marks[(next + MARKS - 1) % MARKS];
	struct mark m = now();

	if (!first.at)
		first = m;
	if (m.at - newest->at >= WINDOW_NS / (MARKS / 2)) /* the ring spans more than the window */
		marks[next++ % MARKS] = m;
	return between(begin_of_window(m.at), &m);
}

struct noise noise_overall(void)
{
	struct mark m = now();

	return first.at ? between(&first, &m) : (struct noise){ 0 };
}
