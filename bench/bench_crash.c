/* SPDX-License-Identifier: MIT */
/*
 * crash-null, crash-overflow: a hundred units; one writes through a null pointer, or recurses until its stack is full.
 * The figure is how many of the hundred are alive afterwards; the note says how the process ended, and the first line
 * of what it reported. The crash happens in a process of its own, below the measurement's.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "crew.h"

#define MS 1000000u
#define GRACE_MS 50 /* how long the others live on after the crash, to prove that they do */

struct ward {
	struct run *run;
	_Atomic bool crashing;
	_Atomic uint64_t survivors;
	uint64_t lost; /* died and were joined all the same */
	bool overflow;
};

static struct ward *ward;

/* Never ends, but the compiler cannot know. */
static int overflow(const volatile char *above)
{
	volatile char frame[512];

	frame[0] = 1;
	return above && *above == 0 ? 0 : overflow(frame) + frame[0];
}

static void crash(void)
{
	static int *volatile nowhere;

	atomic_store(&ward->crashing, true);
	if (ward->overflow)
		(void)overflow(NULL);
	*nowhere = 1;
}

/* Unit number 0 crashes when all are there; the others count themselves a while later. */
MODEL_INLINE void *patient(void *arg, const struct model *m)
{
	m->sleep(10 * MS);
	if ((uintptr_t)arg == 0)
		crash();
	while (!atomic_load(&ward->crashing))
		m->sleep(MS);
	m->sleep(GRACE_MS * MS);
	atomic_fetch_add(&ward->survivors, 1);
	return arg;
}
MODEL_THREAD(patient)

MODEL_INLINE void all_units(struct run *r, const struct model *m)
{
	union unit units[128];
	uint64_t got = 0;

	while (got < r->size && m->spawn(&units[got], MODEL_OF(patient, m), (void *)(uintptr_t)got) == 0)
		got++;
	for (uint64_t i = 0; i < got; i++)
		ward->lost += m->join(units[i]) == MODEL_LOST;
}
MODEL_BODY(all_units)

/* What it says goes to the pipe. */
static pid_t in_a_process(struct run *r, bench_body *body, int report[2])
{
	pid_t pid = pipe(report) == 0 ? fork() : -1;

	if (pid != 0)
		return pid;
	dup2(report[1], STDERR_FILENO);
	bench_enter(r, body);
	_exit(0);
}

static void first_line(int fd, char *line, size_t size)
{
	ssize_t got = read(fd, line, size - 1);

	line[got > 0 ? got : 0] = 0;
	line[strcspn(line, "\n")] = 0;
}

static void diagnose(struct run *r, int status, const char *line)
{
	char end[64];

	if (WIFSIGNALED(status))
		snprintf(end, sizeof(end), "the process dies of SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(end, sizeof(end), "%llu died and was joined, the program lives on",
			 (unsigned long long)ward->lost);
	batch_note(&r->batch, "%s%s%.180s", end, line[0] ? "; " : ", no report", line);
}

MODEL_INLINE void crash_bench(struct run *r, const struct model *m, bool overflows)
{
	static bench_body *const bodies[] = MODEL_BODIES(all_units);
	int status = 0, report[2];
	char line[256];
	pid_t pid;

	ward = system_shared(sizeof(*ward));
	if (!ward || !batch_more(&r->batch))
		return;
	*ward = (struct ward){ .run = r, .overflow = overflows };
	pid = in_a_process(r, bodies[m->id], report);
	if (pid < 0) {
		batch_fail(&r->batch, "no process for the crash");
		return;
	}
	close(report[1]);
	first_line(report[0], line, sizeof(line));
	waitpid(pid, &status, 0);
	batch_record(&r->batch, 0, (double)ward->survivors);
	batch_check(&r->batch, ward->crashing, "nobody crashed");
	diagnose(r, status, line);
}

MODEL_INLINE void null_pointer(struct run *r, const struct model *m)
{
	crash_bench(r, m, false);
}
MODEL_BODY(null_pointer)

MODEL_INLINE void full_stack(struct run *r, const struct model *m)
{
	crash_bench(r, m, true);
}
MODEL_BODY(full_stack)

const struct bench bench_crash_null = {
	.rows = { "crash-null" },
	.units = { "survivors" },
	.what = "one unit of 100 writes through a null pointer: how many survive",
	.body = MODEL_BODIES(null_pointer),
	.size = { 100, 100, 100 },
	.flags = BENCH_COLD | BENCH_OUTSIDE,
};

const struct bench bench_crash_overflow = {
	.rows = { "crash-overflow" },
	.units = { "survivors" },
	.what = "one unit of 100 overflows its stack: how many survive",
	.body = MODEL_BODIES(full_stack),
	.size = { 100, 100, 100 },
	.flags = BENCH_COLD | BENCH_OUTSIDE,
};
