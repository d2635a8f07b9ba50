/* SPDX-License-Identifier: MIT */
/*
 * Dining philosophers. Each needs the two forks beside it, which are mutexes. If all take the left one first, all wait for
 * their right one for ever. The runtime finds that by itself: it writes to standard error what each thread waits for, who holds
 * that, where it was spawned and its backtrace, and aborts the process (weft_config_set_deadlock chooses otherwise). So that
 * happens in a child process here, and this one shows the report. Then the remedy: all take the fork of the lower number first.
 */
#define _POSIX_C_SOURCE 200809L /* fdopen */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft.h>

enum { SEATS = 5, MEALS = 1000 };

static const char *const names[SEATS] = { "Plato", "Confucius", "Socrates", "Voltaire", "Descartes" };
static struct weft_mutex forks[SEATS]; /* all zeros: WEFT_MUTEX_INIT */
static struct weft_barrier all_have_one = WEFT_BARRIER_INIT(SEATS);

struct philosopher {
	const char *name;
	struct weft_mutex *one, *other; /* in the order in which it takes them */
	bool in_step;			/* so that it goes wrong the first time, and not once in a month */
	int meals;
};

static void check(const char *what, int err)
{
	if (err < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(1);
	}
}

static int dine(void *arg)
{
	struct philosopher *p = (struct philosopher *)arg;
	check("weft_name_set", weft_name_set(p->name));
	for (; p->meals < MEALS; p->meals++) {
		check("weft_mutex_lock", weft_mutex_lock(p->one));
		if (p->in_step)
			check("weft_barrier_wait", weft_barrier_wait(&all_have_one));
		check("weft_mutex_lock", weft_mutex_lock(p->other));
		check("weft_yield", weft_yield()); /* it eats, while others try to */
		check("weft_mutex_unlock", weft_mutex_unlock(p->other));
		check("weft_mutex_unlock", weft_mutex_unlock(p->one));
	}
	return 0;
}

struct dinner {
	bool in_order;
	int meals;
};

static void *serve(void *arg)
{
	struct dinner *dinner = (struct dinner *)arg;
	struct philosopher seats[SEATS];
	struct weft_scope table;
	check("weft_scope_open", weft_scope_open(&table, 0));
	for (int i = 0; i < SEATS; i++) {
		int right = (i + 1) % SEATS;
		bool swap = dinner->in_order && right < i;
		struct philosopher p = { names[i], &forks[swap ? right : i], &forks[swap ? i : right],
					 !dinner->in_order, 0 };
		seats[i] = p;
		check("weft_scope_spawn", weft_scope_spawn(&table, WEFT_GREEN, dine, &seats[i]));
	}
	check("weft_scope_close", weft_scope_close(&table));
	for (int i = 0; i < SEATS; i++)
		dinner->meals += seats[i].meals;
	return NULL;
}

/* In the child: should nothing be found, the alarm ends it. */
static void go_wrong(int report)
{
	struct dinner dinner = { false, 0 };
	alarm(30);
	if (dup2(report, STDERR_FILENO) < 0)
		_exit(1);
	check("weft_run", weft_run(NULL, serve, &dinner, NULL));
	_exit(0);
}

/* Shows the report. How many lines of it say who waits for whom in the cycle. */
static int show(FILE *report)
{
	char line[512];
	int in_cycle = 0;
	while (fgets(line, sizeof line, report)) {
		fputs(line, stdout);
		in_cycle += strstr(line, ", which is held by ") != NULL;
	}
	return in_cycle;
}

int main(void)
{
	int ends[2], status;
	if (pipe(ends) != 0)
		return 1;
	pid_t child = fork(); /* before a runtime starts: there is none in the child of one that has one */
	if (child == 0)
		go_wrong(ends[1]);
	close(ends[1]);
	FILE *report = fdopen(ends[0], "r");
	if (child < 0 || !report)
		return 1;
	int in_cycle = show(report);
	fclose(report);
	if (waitpid(child, &status, 0) != child)
		return 1;
	printf("left fork first: %s\n", WIFSIGNALED(status) ? "the process was ended" : "nothing was found");

	struct dinner dinner = { true, 0 };
	check("weft_run", weft_run(NULL, serve, &dinner, NULL));
	printf("lower fork first: %d meals\n", dinner.meals);
	return in_cycle < SEATS || !WIFSIGNALED(status) || dinner.meals != SEATS * MEALS;
}
