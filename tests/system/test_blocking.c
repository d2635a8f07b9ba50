/* SPDX-License-Identifier: MIT */
/* The blocking pool: where a function runs, how many at a time and in which order, how the pool grows, shrinks and ends. */
#include <dirent.h>
#include <signal.h>

#include "tests/support/gate.h"

static void *same(void *arg)
{
	return arg;
}

/* How many kernel threads of this process have the pool's name. */
static int tasks(void)
{
	int n = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc/self/task");
	check(dir != NULL);
	while ((entry = readdir(dir))) {
		char path[300], name[32] = "";
		snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
		FILE *file = fopen(path, "r");
		if (file) {
			n += fgets(name, sizeof name, file) && strcmp(name, "weft-blocking\n") == 0;
			fclose(file);
		}
	}
	closedir(dir);
	return n;
}

/* --- where it runs --- */

/* A fault there is to be reported: blocked, it would kill without a word. */
static bool is_open(int s)
{
	return s == SIGKILL || s == SIGSTOP || s == SIGSEGV || s == SIGBUS || s == SIGFPE || s == SIGILL ||
	       s == SIGABRT;
}

static void *look_around(void *arg)
{
	char name[16] = "";
	sigset_t blocked;
	void *result = NULL;
	pthread_getname_np(pthread_self(), name, sizeof name);
	check(strcmp(name, "weft-blocking") == 0);
	check_eq(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
	for (int s = 1; s < 32; s++)
		check(is_open(s) != sigismember(&blocked, s));
	check_eq(weft_self(), WEFT_NONE);
	check_eq(weft_blocking(same, arg, &result), 0); /* called here */
	check(result == arg);
	check_eq(weft_sleep(1000), 0);
	return (char *)arg + 1;
}

static void *from_green(void *arg)
{
	char *result = NULL;
	check_eq(weft_blocking(look_around, arg, (void **)&result), 0);
	check(result == (char *)arg + 1);
	check_eq(weft_blocking_timeout(look_around, arg, NULL, WEFT_FOREVER), 0);
	check_eq(weft_blocking(NULL, arg, NULL), -EINVAL);
	check_eq(weft_blocking_timeout(NULL, arg, NULL, 0), -EINVAL);
	return arg;
}

static void *is_self(void *arg)
{
	return (void *)(uintptr_t)(pthread_equal(pthread_self(), *(pthread_t *)arg) != 0);
}

static void *from_a_kernel_thread(void *arg)
{
	pthread_t self = pthread_self();
	void *result = NULL;
	check_eq(weft_blocking(is_self, &self, &result), 0);
	check(result != NULL);
	result = NULL;
	check_eq(weft_blocking_timeout(is_self, &self, &result, 0), 0);
	check(result != NULL);
	check_eq(weft_blocking(is_self, &self, NULL), 0);
	check_eq(weft_blocking(NULL, NULL, NULL), -EINVAL);
	return arg;
}

static void *from_all_kinds(void *arg)
{
	join(spawn(WEFT_GREEN, from_green, arg));
	join(spawn(WEFT_BOUND, from_a_kernel_thread, arg));
	pthread_t thread = outsider(from_a_kernel_thread, arg);
	wait_until(pthread_tryjoin_np(thread, NULL) == 0);
	return arg;
}

START_TEST(where_it_runs)
{
	int n = 0;
	from_a_kernel_thread(NULL); /* without a runtime */
	run(from_all_kinds, &n);
	from_a_kernel_thread(NULL);
}
END_TEST

/* --- how many, in which order --- */

enum { LIMIT = 3 };

static void *many_at_the_gate(void *arg)
{
	uint64_t limit = (uint64_t)(uintptr_t)arg;
	weft_t thread[REQUESTS];
	for (uintptr_t i = 0; i < REQUESTS; i++) {
		thread[i] = spawn(NULL, call_gate, (void *)i);
		if (i < limit)
			wait_until(get(running) == i + 1);
	}
	weft_sleep(WEFT_MS(20)); /* for one too many */
	check_eq(get(most), limit);
	check_eq(weft__blocking_threads(), limit);
	check_eq(tasks(), limit);
	set(gate, 1);
	for (int i = 0; i < REQUESTS; i++)
		join(thread[i]);
	check_eq(get(most), limit);
	check_eq(get(finished), REQUESTS);
	return NULL;
}

START_TEST(limit)
{
	struct weft_config config = with_limit(LIMIT);
	run_with(&config, many_at_the_gate, (void *)LIMIT);
}
END_TEST

START_TEST(first_in_first_out)
{
	struct weft_config config = one_worker_alone(); /* so that they queue in the order in which they are spawned */
	check_eq(weft_config_set_blocking_threads(&config, 1), 0);
	run_with(&config, many_at_the_gate, (void *)1);
	for (uint64_t i = 0; i < REQUESTS; i++)
		ck_assert_uint_eq(order[i], i);
}
END_TEST

START_TEST(configuration)
{
	struct weft_config config = WEFT_CONFIG_INIT, zero = WEFT_CONFIG_INIT;
	ck_assert_int_eq(weft_config_set_blocking_threads(NULL, 1), -EINVAL);
	ck_assert_int_eq(weft_config_set_blocking_threads(&config, 1025), -EINVAL);
	ck_assert_mem_eq(&config, &zero, sizeof config);
	ck_assert_int_eq(weft_config_set_blocking_threads(&config, 1024), 0);
	ck_assert_int_eq(weft_config_set_blocking_threads(&config, 0), 0);
	ck_assert_mem_eq(&config, &zero, sizeof config);
}
END_TEST

static void *many_again_and_again(void *arg)
{
	for (int round = 0; round < 3; round++) {
		set(gate, 0);
		set(most, 0);
		set(finished, 0);
		many_at_the_gate(arg);
		wait_until(weft__blocking_threads() == 0);
		wait_until(tasks() == 0);
	}
	return NULL;
}

START_TEST(grows_and_shrinks)
{
	weft__blocking_tune.idle_ns = 2000000;
	weft__blocking_tune.limit = REQUESTS;
	run(many_again_and_again, (void *)REQUESTS);
}
END_TEST

START_TEST(stop_ends_its_threads)
{
	weft__blocking_tune.limit = REQUESTS;
	for (int round = 0; round < 5; round++) {
		set(gate, 0);
		set(most, 0);
		set(finished, 0);
		run(many_at_the_gate, (void *)REQUESTS);
		wait_until(tasks() == 0); /* the kernel lists one that has been joined for a moment more */
		ck_assert_uint_eq(weft__blocking_threads(), 0);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		where_it_runs, limit, first_in_first_out, configuration, grows_and_shrinks, stop_ends_its_threads, NULL
	};
	return run_tests("system/blocking", tests);
}
