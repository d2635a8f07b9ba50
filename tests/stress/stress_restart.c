/* SPDX-License-Identifier: MIT */
/*
 * Start and stop at awkward moments: thousands of runtimes one after another, with outsiders that spawn, join and unpark
 * right up to the stop and across it, with workers asleep, searching or blocked, with bound threads, detached threads and
 * spare workers. Only documented errors appear, every thread that was spawned has run, and in the end the process has
 * the kernel threads, descriptors and mappings that it began with.
 *
 * Default: 1.5 s for each number of workers, some thousands of cycles. Long target: WEFT_STRESS=600.
 */
#include <dirent.h>

#include "stress.h"

enum { OUTSIDERS = 2 };

static shared over, spawned, ran, refused, cycles, busy;

static unsigned entries(const char *path)
{
	unsigned n = 0;
	DIR *dir = opendir(path);
	must(dir != NULL);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static unsigned mappings(void)
{
	unsigned n = 0;
	FILE *file = fopen("/proc/self/maps", "r");
	must(file != NULL);
	for (int c; (c = getc(file)) != EOF;)
		n += c == '\n';
	fclose(file);
	return n;
}

static void *work(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg);
	switch (pick_of(&seed, 8)) {
	case 0:
		weft_sleep(pick_of(&seed, 300000));
		break;
	case 1:
		usleep(pick_of(&seed, 200));
		break;
	case 2:
		weft_yield();
		break;
	case 3:
		weft_park_timeout(pick_of(&seed, 200000));
	}
	add(ran, 1);
	return arg;
}

static void *pester(void *arg)
{
	uint64_t seed = seed_of((uintptr_t)arg), number = 1;
	weft_t last = WEFT_NONE;
	while (!get(over)) {
		weft_t thread;
		bool detached = pick_of(&seed, 2);
		void *with = (void *)(uintptr_t)weft__random_next(&seed), *result = NULL;
		int err =
			weft_spawn(detached ? NULL : &thread, pick_of(&seed, 8) ? WEFT_GREEN : WEFT_BOUND, work, with);
		if (err) {
			must_eq(err, -EPERM);
			add(refused, 1);
		} else {
			add(spawned, 1);
			number++;
		}
		if (!err && !detached) {
			if (pick_of(&seed, 4) == 0)
				(void)weft_unpark(thread);
			must_eq(weft_join(thread, &result), 0);
			must(result == with);
			last = thread;
		}
		if (last)
			must_eq(weft_unpark(last), -ESRCH);
		if (pick_of(&seed, 2))
			usleep(pick_of(&seed, 1500));
	}
	return NULL;
}

static void *tree(void *arg)
{
	uintptr_t height = (uintptr_t)arg;
	weft_t below[2];
	for (int i = 0; height && i < 2; i++)
		below[i] = spawn(NULL, tree, (void *)(height - 1));
	for (int i = 0; height && i < 2; i++)
		join(below[i]);
	return arg;
}

static void *block(void *arg)
{
	usleep(1500);
	return arg;
}

/* The first thread of a weft_run: leaves others behind when it ends. */
static void *first(void *arg)
{
	uint64_t seed = (uintptr_t)arg | 1;
	for (uint32_t n = pick_of(&seed, 4); n > 0; n--) {
		must_eq(weft_spawn(NULL, pick_of(&seed, 6) ? WEFT_GREEN : WEFT_BOUND, work, arg), 0);
		add(spawned, 1);
	}
	if (pick_of(&seed, 3) == 0)
		weft_sleep(pick_of(&seed, 200000));
	if (pick_of(&seed, 4) == 0)
		weft_exit(arg);
	return arg;
}

static void run_once(uint64_t *seed)
{
	struct weft_config config = stress_config();
	void *with = (void *)(uintptr_t)weft__random_next(seed), *result = NULL;
	must_eq(weft_run(&config, first, with, &result), 0);
	must(result == with);
}

static void start_and_stop(uint64_t *seed, bool alone)
{
	weft_t thread[8];
	uint32_t n = pick_of(seed, 4), blocked = pick_of(seed, 16) == 0 ? 4 : 0;
	stress_start();
	for (uint32_t i = 0; i < n; i++)
		thread[i] = spawn(NULL, tree, (void *)(uintptr_t)pick_of(seed, 5));
	for (uint32_t i = 0; i < blocked; i++)
		thread[n + i] = spawn(i % 2 ? WEFT_GREEN : WEFT_BOUND, block, NULL);
	if (pick_of(seed, 4) == 0)
		usleep(pick_of(seed, 200));
	for (uint32_t i = 0; i < n + blocked; i++)
		join(thread[i]);
	if (pick_of(seed, 4) == 0)
		usleep(pick_of(seed, 100));
	for (int err; (err = weft_stop()) != 0;) {
		must_eq(err, -EBUSY);
		must(!alone); /* all was joined */
		add(busy, 1);
		sched_yield();
	}
	must_eq(weft_stop(), -EPERM);
}

static void cycle(uint64_t *seed, bool alone)
{
	if (pick_of(seed, 2))
		run_once(seed);
	else
		start_and_stop(seed, alone);
	add(cycles, 1);
	progress();
}

/* Bound threads are detached kernel threads, of which a few may still be on their way out. */
static unsigned settled_tasks(unsigned most)
{
	unsigned n;
	for (int i = 0; (n = entries("/proc/self/task")) > most && i < 5000; i++)
		usleep(1000);
	return n;
}

static void phase(void)
{
	uint64_t seed = seed_of(1), end;
	pthread_t outside[OUTSIDERS];
	for (int i = 0; i < 100; i++)
		cycle(&seed, true);
	/* ours, the watchdog, . and .., and TSan's own */
	unsigned tasks = settled_tasks(4 + WEFT__TSAN), fds = entries("/proc/self/fd"), maps = mappings();
	for (end = phase_end(500); weft_now() < end;)
		cycle(&seed, true);
	must_eq(get(ran), get(spawned));
	set(over, 0);
	for (uintptr_t i = 0; i < OUTSIDERS; i++)
		outside[i] = outsider(pester, (void *)i);
	for (end = phase_end(1000); weft_now() < end;)
		cycle(&seed, false);
	set(over, 1);
	for (int i = 0; i < OUTSIDERS; i++)
		pthread_join(outside[i], NULL);
	must_eq(get(ran), get(spawned));
	must_eq(settled_tasks(tasks), tasks);
	must(STRESS_SLOW ||
	     entries("/proc/self/fd") == fds); /* sanitizers have mappings and descriptors of their own */
	must(STRESS_SLOW ||
	     mappings() <= maps + 24); /* malloc's arenas and glibc's kept stacks come and go, one a kernel thread */
	printf("stress_restart: %llu cycles, %llu threads, %llu spawns refused, %llu stops put off; mappings %u, then "
	       "%u\n",
	       (unsigned long long)take_all(cycles), (unsigned long long)get(ran),
	       (unsigned long long)take_all(refused), (unsigned long long)take_all(busy), maps, mappings());
}

int main(void)
{
	return stress_main("stress_restart", phase);
}
