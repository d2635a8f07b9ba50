/* SPDX-License-Identifier: MIT */
/*
 * A round: one measurement of one model, in a child that may crash, hang or meet a limit. See harness.h.
 *
 * The child executes this program anew, since where code and data lie is drawn when a program is executed, and costs may hang on
 * it: the layout is one more thing in which rounds differ, and not one that a whole run has by chance.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "harness.h"
#include "system.h"

/* How long a batch lasts; and where runtime or kernel has to spread units over several workers first, anew in each batch: those of
 * rates, and green threads. */
enum { TARGET_NS = 300000, TARGET_SPREAD_NS = 3000000 };

struct model_boxes *model_boxes;
pthread_attr_t model_pthread_attr;
unsigned model_cpus;

volatile sig_atomic_t run_interrupted;

/* Who measures, in a process group of its own; for the handler of Ctrl-C. */
static volatile sig_atomic_t child;

void round_interrupt(int sig)
{
	if (child > 0)
		kill(-(pid_t)child, SIGKILL);
	if (run_interrupted)
		_exit(128 + sig);
	run_interrupted = sig;
}

void round_watch(pid_t pid)
{
	if (pid > 0)
		setpgid(pid, pid);
	child = pid;
	if (run_interrupted && pid > 0) /* before it could be seen */
		kill(-pid, SIGKILL);
}

struct entry {
	struct run *run;
	bench_body *body;
};

static void *enter(void *arg)
{
	struct entry *e = arg;

	e->body(e->run);
	return e;
}

/* The first thread is a green one: one that is bound has to be made. */
static void *enter_bound(void *arg)
{
	void *result = NULL;
	weft_t unit;

	return weft_spawn(&unit, WEFT_BOUND, enter, arg) == 0 && weft_join(unit, &result) == 0 ? result : NULL;
}

void bench_enter(struct run *run, bench_body *body)
{
	struct entry e = { run, body };
	struct weft_config config = WEFT_CONFIG_INIT;
	void *result = NULL;
	int error;

	if (!model_id_is_weft(run->model)) {
		body(run);
		return;
	}
	error = weft_config_set_workers(&config, run->workers);
	if (!error)
		error = weft_run(&config, run->model == MODEL_BOUND ? enter_bound : enter, &e, &result);
	if (error)
		batch_fail(&run->batch, "weft_run: %s", strerror(-error));
	else
		batch_check(&run->batch, result == &e, "the first green thread's result is lost");
}

bool bench_shrink(struct run *run, uint64_t got, int error)
{
	if (got < 2) {
		batch_fail(&run->batch, "spawn: %s", strerror(-error));
		return false;
	}
	run->batch.note[0] = 0;
	batch_note(&run->batch, "%llu instead of %llu: %s", (unsigned long long)got, (unsigned long long)run->asked,
		   error == -EAGAIN ? "a limit (ulimit -u, threads-max, max_map_count)" : strerror(-error));
	if (run->batch.step > 1)
		run->batch.step = run->batch.step / run->size * got;
	if (run->batch.max_ops)
		run->batch.max_ops = run->batch.step;
	run->size = got;
	return true;
}

/* In the child. */
static _Noreturn void measure(const struct bench *bench, struct run *run)
{
	static const struct rlimit no_core = { 0, 0 };

	model_boxes = system_must(system_shared(sizeof(*model_boxes)));
	alarm(run->limit_seconds);
	setrlimit(RLIMIT_CORE, &no_core);
	model_cpus = run->workers;
	system_pin_first(run->workers);
	pthread_attr_init(&model_pthread_attr);
	pthread_attr_setstacksize(&model_pthread_attr, MODEL_STACK);
	run->pace = batch_pace();
	if (bench->flags & BENCH_OUTSIDE)
		bench->body[run->model](run);
	else
		bench_enter(run, bench->body[run->model]);
	run->pace = (run->pace + batch_pace()) / 2;
	_exit(0);
}

/* --- the child --- */

static int run_fd;

static struct run *map(int fd)
{
	void *run = mmap(NULL, sizeof(struct run), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return run == MAP_FAILED ? NULL : run;
}

struct run *round_make(void)
{
	run_fd = memfd_create("weft-bench round", MFD_CLOEXEC);
	return system_must(ftruncate(run_fd, sizeof(struct run)) == 0 ? map(run_fd) : NULL);
}

/* Returns if it cannot be. */
static void execute(const struct bench *bench)
{
	char index[16], fd[16];
	int i = 0;

	while (bench_all[i] != bench)
		i++;
	snprintf(index, sizeof(index), "%d", i);
	snprintf(fd, sizeof(fd), "%d", run_fd);
	if (fcntl(run_fd, F_SETFD, 0) == 0)
		execl("/proc/self/exe", "weft-bench", ROUND_OPTION, index, fd, (char *)NULL);
}

void round_main(const char *index, const char *fd)
{
	int file = atoi(fd), i = atoi(index), known = 0;
	struct run *run = NULL;
	struct stat st;

	while (bench_all[known])
		known++;
	if (fstat(file, &st) == 0 && st.st_size == sizeof(struct run))
		run = map(file);
	if (!run || i < 0 || i >= known)
		return;
	close(file);
	measure(bench_all[i], run);
}

/* --- its parent --- */

static void say_how_it_ended(struct run *run, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		batch_fail(&run->batch, "gave up after %u s", run->limit_seconds);
	else if (WIFSIGNALED(status))
		batch_fail(&run->batch, "died: %s", strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		batch_fail(&run->batch, "ended with status %d", WEXITSTATUS(status));
	else if (run->batch.count[0] == 0 && !run->batch.failed)
		batch_fail(&run->batch, "no sample");
}

/* In a child, samples in run. */
static void round_in_child(const struct bench *bench, struct run *run)
{
	struct rusage usage = { 0 };
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		execute(bench);
		measure(bench, run); /* with this program's layout, then */
	}
	if (pid < 0) {
		batch_fail(&run->batch, "fork: %s", strerror(errno));
		return;
	}
	round_watch(pid);
	while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	run->preempted = (uint64_t)usage.ru_nivcsw;
	kill(-pid, SIGKILL);
	round_watch(0);
	say_how_it_ended(run, status);
}

static void fewer(struct run *run, uint64_t fit, const char *why)
{
	if (fit == 0 || fit >= run->size)
		return;
	run->batch.note[0] = 0;
	batch_note(&run->batch, "%llu instead of %llu: %s", (unsigned long long)fit, (unsigned long long)run->asked,
		   why);
	run->size = fit;
}

/* Fewer units, and a note, if they would not fit in four fifths of the memory there is, or there may not be so many. */
static void fit_all(struct run *run)
{
	/* with what the kernel keeps */
	static const uint64_t bytes_each[MODELS] = {
		[MODEL_GREEN] = 4608,
		[MODEL_CONTAINED] = 4608,
		[MODEL_BOUND] = 48 * 1024,
		[MODEL_PTHREAD] = 40 * 1024,
		[MODEL_FORK] = 128 * 1024,
		[MODEL_VFORK] = 128 * 1024,
		[MODEL_POSIX_SPAWN] = 128 * 1024,
	};
	const char *limit = "";
	char text[96];
	uint64_t left = system_tasks_left(&limit);

	fewer(run, system_available() / 5 * 4 / bytes_each[run->model], "no memory for more");
	if (run->model == MODEL_GREEN || run->model == MODEL_CONTAINED)
		return;
	snprintf(text, sizeof(text), "%s allows no more, with some left for others", limit);
	fewer(run, left, text);
}

/* How many units: what is left of them; of models that came later, as many as of those that they resemble. */
static uint64_t size_for(const uint64_t *sizes, enum model_id model)
{
	static const enum model_id like[MODELS] = {
		[MODEL_GREEN] = MODEL_GREEN,	  [MODEL_CONTAINED] = MODEL_GREEN, [MODEL_BOUND] = MODEL_PTHREAD,
		[MODEL_PTHREAD] = MODEL_PTHREAD,  [MODEL_FORK] = MODEL_FORK,	   [MODEL_VFORK] = MODEL_FORK,
		[MODEL_POSIX_SPAWN] = MODEL_FORK,
	};

	return sizes[model] ? sizes[model] : sizes[like[model]];
}

static void prepare(const struct bench *bench, struct run *run, const struct cell *cell, const struct effort *effort)
{
	struct batch *b = &run->batch;

	run->pace = 0;
	run->model = cell->model;
	run->workers = cell->workers;
	run->limit_seconds = effort->limit_seconds;
	run->full = effort->full;
	run->asked = run->size = size_for(bench->size, cell->model);
	memset(b, 0, offsetof(struct batch, samples));
	if (!effort->full)
		fewer(run, size_for(bench->quick_size, cell->model), "--full asks for more");
	if (bench->flags & BENCH_ALL_ALIVE)
		fit_all(run);
	if (cell->size)
		run->size = cell->size;
	b->step = bench->per_unit ? run->size * bench->per_unit : 1;
	b->max_ops = bench->fixed ? b->step : 0;
	b->cold = bench->flags & BENCH_COLD;
	b->rate = bench->flags & BENCH_RATE;
	b->target_ns = run->workers > 1 && (run->model == MODEL_GREEN || b->rate) ? TARGET_SPREAD_NS : TARGET_NS;
	b->budget_ns = b->cold ? 0 : effort->round_ns > 2 * b->target_ns ? effort->round_ns : 2 * b->target_ns;
	b->min_samples = bench->flags & BENCH_ONCE ? 5 : 1;
}

void round_run(const struct bench *bench, struct run *run, const struct cell *cell, const struct effort *effort)
{
	prepare(bench, run, cell, effort);
	round_in_child(bench, run);
}
