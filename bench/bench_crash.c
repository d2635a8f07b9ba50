/* SPDX-License-Identifier: MIT */
/*
 * crash-null and the like: a thousand units (--full) or a hundred, of which one goes wrong. The first figure is how many
 * of the others do their work when they are called afterwards; then how long after the fault somebody knew, and how long
 * after it there was another that worked. Where the process lives on these are the joiner and another unit. Where it dies
 * they are the process's parent, and a process with all its units.
 *
 * All of it happens in a ward (ward.h), a process below the measurement's.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "ward.h"

#define DEATHS 4 /* of wards, but for the first */

/* What becomes of a ward; status as of waitpid. What it says goes to the file. */
static int live(struct ward *w, int said, uint64_t *gone_at)
{
	int status = 0;
	pid_t pid;

	w->stage = WARD_WORK;
	w->present = w->answered = w->ready_at = w->fault_at = 0;
	w->ended = w->told = false;
	pid = fork();
	if (pid == 0) {
		dup2(said, STDERR_FILENO);
		ward_run(w);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*gone_at = batch_now();
	return status;
}

static bool has_hung(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
}

/* It has died, once: who started it knows, and starts another, until all of its units are there. Some more times. */
static void start_again(struct ward *w, int said, uint64_t gone_at)
{
	for (int i = 0; i <= DEATHS; i++) {
		uint64_t fault_at = w->fault_at;

		batch_record(&w->run->batch, 1, (double)(gone_at - fault_at) / 1000);
		w->only_ready = i == DEATHS;
		if (has_hung(live(w, said, &gone_at)) || !w->ready_at || (!w->fault_at && !w->only_ready))
			return;
		batch_record(&w->run->batch, 2, (double)(w->ready_at - fault_at) / 1000);
	}
}

/* What a report says of why a crash was not contained: empty if none says anything. */
static void find_why(int said, char *why, size_t size)
{
	static const char before[] = "It cannot be contained: ";
	char text[8192], *at;
	ssize_t got = pread(said, text, sizeof(text) - 1, 0);

	text[got > 0 ? got : 0] = 0;
	at = strstr(text, before);
	snprintf(why, size, "%s", at ? at + sizeof(before) - 1 : "");
	why[strcspn(why, ".\n")] = 0;
#ifdef WEFT__LTO
	if (strstr(why, "weft"))
		snprintf(why, size, "with link-time optimization weft cannot be told from the program");
#endif
}

static void how_it_died(char *how, size_t size, const struct ward *w, int status, int said)
{
	char why[128] = "";

	if (w->model->id == MODEL_CONTAINED || w->model->id == MODEL_BOUND)
		find_why(said, why, sizeof(why));
	if (has_hung(status))
		snprintf(how, size, "%s; nobody is told",
			 w->fault == FAULT_LOOP ? "it runs on, and nobody else does" : "the process hangs");
	else if (WIFSIGNALED(status))
		snprintf(how, size, "the process dies of SIG%s%s%s", sigabbrev_np(WTERMSIG(status)),
			 why[0] ? ", as " : "", why);
	else
		snprintf(how, size, "the process ends with status %d", WEXITSTATUS(status));
}

static void how_it_ended(char *how, size_t size, const struct ward *w)
{
	if (w->fault == FAULT_LOOP)
		snprintf(how, size, "it runs on and takes a CPU; nobody is told");
	else if (!w->told)
		snprintf(how, size, "nobody notices");
	else if (w->signal)
		snprintf(how, size, "joined as crashed by SIG%s", sigabbrev_np(w->signal));
	else
		snprintf(how, size, "joined as ended with status %d", w->code);
}

/* How it ended, and how many were lost; then what the harness had to say, but that --full has more of them. */
static void tell(struct ward *w, int status, int said)
{
	struct batch *b = &w->run->batch;
	unsigned long long size = w->run->size, lost = size - (w->ended ? w->answered : 0);
	char before[BATCH_NOTE], how[192];
	bool more;

	memcpy(before, b->note, sizeof(before));
	b->note[0] = 0;
	more = before[0] && !strstr(before, "--full");
	if (w->ended)
		how_it_ended(how, sizeof(how), w);
	else
		how_it_died(how, sizeof(how), w, status, said);
	batch_note(b, "%s; lost: %llu of %llu%s%.90s", how, lost, size, more ? "; " : "", more ? before : "");
}

static void watch(struct ward *w, int said)
{
	struct batch *b = &w->run->batch;
	uint64_t gone_at;
	int status = live(w, said, &gone_at);

	if (!w->fault_at) {
		batch_fail(b, "the units could not be made, or did not begin");
		return;
	}
	batch_record(b, 0, w->ended ? (double)w->answered : 0);
	tell(w, status, said);
	if (!w->ended && !has_hung(status))
		start_again(w, said, gone_at);
}

static void crash(struct run *r, const struct model *m, enum fault fault)
{
	struct ward *w = system_shared(sizeof(*w) + r->size * (sizeof(struct seat) + sizeof(union unit)));
	int said = memfd_create("said", MFD_CLOEXEC);

	if (!w || said < 0 || fault_missing(fault))
		batch_fail(&r->batch, "%s", fault_missing(fault) ? fault_missing(fault) : "no shared memory");
	if (!batch_more(&r->batch))
		return;
	w->run = r;
	w->model = m;
	w->fault = fault;
	w->units = (union unit *)(void *)(w->seats + r->size);
	watch(w, said);
}

/* So many processes take long to make and to end: without --full there are fewer, of all models. */
#define CRASH(id, kind, text, more, ...)                                                                               \
	MODEL_INLINE void crash_##id(struct run *r, const struct model *m)                                             \
	{                                                                                                              \
		crash(r, m, kind);                                                                                     \
	}                                                                                                              \
	MODEL_BODY(crash_##id)                                                                                         \
	MODEL_CONTAINED_BODY(crash_##id)                                                                               \
	const struct bench bench_crash_##id = {                                                                        \
		.rows = { __VA_ARGS__ },                                                                               \
		.units = { "survivors", "us", "us" },                                                                  \
		.what = "one of 100 (--full: 1,000) " text ": how many go on",                                         \
		.body = MODEL_CONTAINED_BODIES(crash_##id),                                                            \
		.size = { 1000, 1000, 1000 },                                                                          \
		.quick_size = { 100, 100, 100 },                                                                       \
		.flags = BENCH_COLD | BENCH_OUTSIDE | BENCH_ALL_ALIVE | (more),                                        \
	}
#define TIMED(name) name, name "-told", name "-again"

CRASH(null, FAULT_NULL, "writes through a null pointer", BENCH_MANY_CPUS, TIMED("crash-null"));
CRASH(jump, FAULT_JUMP, "jumps to where no code is", BENCH_MANY_CPUS, TIMED("crash-jump"));
CRASH(overflow, FAULT_OVERFLOW, "overflows its stack", BENCH_MANY_CPUS, TIMED("crash-overflow"));
CRASH(divide, FAULT_DIVIDE, "divides by zero", BENCH_MANY_CPUS, TIMED("crash-divide"));
CRASH(abort, FAULT_ABORT, "calls abort()", BENCH_MANY_CPUS, TIMED("crash-abort"));
CRASH(loop, FAULT_LOOP, "computes for ever", 0, "crash-loop");
CRASH(scribble, FAULT_SCRIBBLE, "scribbles over another's heap", BENCH_MANY_CPUS, TIMED("crash-scribble"));
CRASH(exit, FAULT_EXIT, "calls exit()", BENCH_MANY_CPUS, TIMED("crash-exit"));
