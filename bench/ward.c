/* SPDX-License-Identifier: MIT */
/* A ward: its boss and its units, from the first to the last. See ward.h. */
#include "ward.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#define MS 1000000u
#define LOOP_MS 20    /* how long an endless loop has gone on when the others are called */
#define HANG_MS 1500  /* without any progress: the process hangs. --full: six times that */
#define MAKE_MS 15000 /* to make all units */
#define AGAIN 20      /* how often number 0 goes wrong, where that is survived */
#define OWN 64	      /* bytes of heap that a unit has, and looks after */

static struct ward *ward;

/* Heap of one's own, filled with what nobody else writes. */
static char *furnish(uint64_t index)
{
	char *own = malloc(OWN);

	if (own)
		memset(own, (int)(index % 64), OWN);
	if (index == ward->run->size / 2) /* one that has neighbours */
		ward->theirs = own;
	return own;
}

static bool is_whole(const char *own, uint64_t index)
{
	for (int i = 0; own && i < OWN; i++)
		if (own[i] != (char)(index % 64))
			return false;
	return own != NULL;
}

/* A unit's work: its data are as it left them, it gives them back and has others. It answers if all was well. */
static char *work(char *own, uint64_t index)
{
	bool well = is_whole(own, index);

	free(own);
	own = furnish(index);
	if (well && own)
		atomic_fetch_add(&ward->answered, 1);
	return own;
}

static void arrive(void)
{
	if (atomic_fetch_add(&ward->present, 1) + 1 != atomic_load(&ward->expected))
		return;
	ward->ready_at = batch_now();
	ward->model->unpark(&ward->boss);
}

static void *unit(void *arg)
{
	uint64_t index = (uintptr_t)arg;
	char *own = furnish(index);

	ward->model->sit(&ward->seats[index]);
	arrive();
	for (;;) {
		ward->model->park(&ward->seats[index]);
		if (ward->stage == WARD_FAULT)
			break;
		own = work(own, index);
	}
	ward->fault_at = batch_now();
	fault_now(ward->fault, ward->theirs ? ward->theirs : own);
	return arg;
}

/* Crashes of bound threads are contained here. */
static int spawn(uint64_t index)
{
	struct weft_attr attr = WEFT_ATTR_INIT;

	if (ward->model->id != MODEL_BOUND)
		return ward->model->spawn(&ward->units[index], unit, (void *)(uintptr_t)index);
	(void)weft_attr_set_kind(&attr, WEFT_KIND_BOUND);
	(void)weft_attr_set_stack_size(&attr, MODEL_STACK);
	(void)weft_attr_set_crash(&attr, WEFT_CRASH_CONTAIN);
	return weft_spawn(&ward->units[index].green, &attr, unit, (void *)(uintptr_t)index);
}

static void await_all(uint64_t all)
{
	while (atomic_load(&ward->present) < all)
		ward->model->park(&ward->boss);
}

/* False: there are too few. */
static bool fill(void)
{
	uint64_t got = 0;
	int error = 0;

	ward->expected = ward->run->size;
	ward->model->sit(&ward->boss);
	while (got < ward->run->size && (error = spawn(got)) == 0)
		got++;
	if (got < ward->run->size && !bench_shrink(ward->run, got, error))
		return false;
	ward->expected = got;
	await_all(got);
	return true;
}

/* Wait for number 0: true if it is known to have gone wrong. */
static bool join_first(void)
{
	union unit first = ward->units[0];
	struct weft_status end = { .how = WEFT_EXITED };
	int status = 0;

	if (ward->model->id == MODEL_FORK) {
		waitpid(first.fork.pid, &status, 0);
		ward->units[0].fork.pid = 0; /* it may soon be another's */
		ward->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		ward->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
		return status != 0;
	}
	if (ward->model->id == MODEL_PTHREAD)
		return ward->model->join(first) == MODEL_LOST;
	(void)weft_join_status(first.green, &end);
	ward->signal = end.signal;
	return end.how == WEFT_CRASHED;
}

static void record(unsigned figure, uint64_t at)
{
	batch_record(&ward->run->batch, figure, (double)(at - ward->fault_at) / 1000);
}

/* What makes no progress for so long is ended by SIGALRM. */
static void limit(unsigned ms)
{
	struct itimerval left = { .it_value = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000 * 1000) } };

	setitimer(ITIMER_REAL, &left, NULL);
}

static void progress_made(void)
{
	limit(ward->run->full ? 6 * HANG_MS : HANG_MS);
}

/* True: number 0 has gone wrong, its joiner knows that, and there is another in its place. */
static bool one_fault(void)
{
	progress_made();
	ward->stage = WARD_FAULT;
	ward->model->unpark(&ward->seats[0]);
	if (ward->fault == FAULT_LOOP) {
		ward->model->sleep(LOOP_MS * MS);
		return false;
	}
	if (!join_first())
		return false;
	record(1, batch_now());
	ward->told = true;
	ward->stage = WARD_WORK;
	ward->expected++;
	if (spawn(0) != 0)
		return false;
	await_all(ward->expected);
	record(2, ward->ready_at);
	return true;
}

/* Until all have answered, or for so long none has that the rest will not. */
static void await_answers(uint64_t others)
{
	uint64_t wait = (uint64_t)(ward->run->full ? 5 * HANG_MS : HANG_MS / 2) * MS, since = batch_now(), last = 0;

	while (last < others && batch_now() - since < wait) {
		uint64_t now = atomic_load(&ward->answered);

		if (now == last) {
			ward->model->sleep(MS);
			continue;
		}
		last = now;
		since = batch_now();
		progress_made();
	}
}

static void call_the_others(void)
{
	uint64_t others = ward->run->size - 1;

	ward->answered = 0;
	ward->stage = WARD_WORK;
	for (uint64_t i = 1; i <= others; i++)
		ward->model->unpark(&ward->seats[i]);
	await_answers(others);
}

static void kill_units(uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if (ward->units[i].fork.pid > 0)
			kill(ward->units[i].fork.pid, SIGKILL);
}

static void boss(struct run *r)
{
	bool again;

	if (!fill())
		_exit(1);
	if (!ward->only_ready) {
		again = one_fault();
		call_the_others();
		for (int i = 1; again && i < AGAIN; i++)
			again = one_fault();
	}
	if (ward->model->id == MODEL_FORK)
		kill_units(r->size);
	ward->ended = true;
	_exit(0);
}

void ward_no_core(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/* A process that fills its stack fills as much as the others. */
static void limit_stack(void)
{
	struct rlimit stack;

	if (ward->model->id != MODEL_FORK || getrlimit(RLIMIT_STACK, &stack) != 0)
		return;
	stack.rlim_cur = MODEL_STACK;
	setrlimit(RLIMIT_STACK, &stack);
}

void ward_run(struct ward *of)
{
	ward = of;
	ward_no_core();
	limit_stack();
	limit(MAKE_MS);
	bench_enter(of->run, boss);
	_exit(1);
}
