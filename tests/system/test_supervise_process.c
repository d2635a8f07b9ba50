/* SPDX-License-Identifier: MIT */
/*
 * Supervised processes: children of three kinds under one supervisor; a server of pre-forked workers that are killed while
 * they serve; and a child that crashes as fast as it is restarted.
 */
#include "tests/support/process.h"

static void *sleep_long(void *arg)
{
	weft_sleep(WEFT_S(1000));
	return arg;
}

static struct {
	shared starts, ends, ended, restarts, slowest, fastest;
} seen;

static shared latest_pid;

static void note(void *context, const struct weft_child *child, weft_t thread, const struct weft_status *status)
{
	pid_t pid = 0;
	(void)context, (void)child;
	uint64_t now = weft_now();
	if (status) {
		add(seen.ends, 1);
		set(seen.ended, now);
		return;
	}
	add(seen.starts, 1);
	if (weft_process_id(thread, &pid) == 0)
		set(latest_pid, (uint64_t)pid);
	if (!get(seen.ended))
		return;
	uint64_t took = now - get(seen.ended);
	add(seen.restarts, 1);
	if (took > get(seen.slowest))
		set(seen.slowest, took);
	if (!get(seen.fastest) || took < get(seen.fastest))
		set(seen.fastest, took);
}

/* --- three kinds --- */

static void *three_kinds(void *arg)
{
	const struct weft_supervisor how = { .strategy = WEFT_ONE_FOR_ALL, .ended = note };
	struct weft_child children[] = { { .name = "green", .fn = sleep_long },
					 { .name = "bound", .fn = sleep_long, .attr = WEFT_BOUND },
					 { .name = "process", .fn = sleep_long, .attr = WEFT_PROCESS } };
	(void)arg;
	return (void *)(intptr_t)weft_supervise(&how, children, 3);
}

static void *kill_one_of_three(void *arg)
{
	weft_t thread = spawn(WEFT_GREEN, three_kinds, NULL);
	for (uint64_t i = 0; i < 3; i++) { /* the fourth would be too often */
		pid_t pid;
		wait_until((pid = (pid_t)get(latest_pid)));
		set(latest_pid, 0);
		kill(pid, SIGKILL);
	}
	wait_until(get(latest_pid));
	check_eq(weft_cancel(thread), 0);
	check_eq((intptr_t)join(thread), -ECANCELED);
	check_eq(get(seen.starts), 12);
	check_eq(get(seen.ends), 3);
	wait_until(is_gone((pid_t)get(latest_pid)));
	return arg;
}

START_TEST(children_of_three_kinds)
{
	run_with_processes(kill_one_of_three, NULL);
}
END_TEST

/* --- a fork bomb --- */

static void *crash(void *arg)
{
	kill(getpid(), SIGKILL);
	return arg;
}

static void *bomb(void *arg)
{
	const struct weft_supervisor how = { .restarts = 100, .period = WEFT_S(100), .ended = note };
	struct weft_child children[10];
	unsigned before = descriptors();
	for (int i = 0; i < 10; i++)
		children[i] = (struct weft_child){ .fn = crash, .attr = WEFT_PROCESS };
	check_eq(weft_supervise(&how, children, 10), -ENOTRECOVERABLE);
	check_eq(get(seen.starts), 110);
	check(get(seen.ends) >= 101 && get(seen.ends) <= 110);
	check_eq(descriptors(), before);
	return arg;
}

/* Once before, so that what weft keeps is there. */
static void *warm_up(void *arg)
{
	check_eq(weft_join(spawn(WEFT_PROCESS, crash, NULL), NULL), -EOWNERDEAD);
	return bomb(arg);
}

START_TEST(a_fork_bomb)
{
	run_with_processes(warm_up, NULL);
}
END_TEST

/* --- a server --- */

enum { WORKERS = 3, KILLS = 30 };

/* Answers with its pid. */
static void *worker(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_accept(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		int pid = (int)getpid();
		(void)weft_write_all(fd, &pid, sizeof pid, NULL);
		(void)weft_close(fd);
	}
	return NULL;
}

static int listener;

static void *server(void *arg)
{
	const struct weft_supervisor how = { .restarts = 1000, .ended = note };
	(void)arg;
	return (void *)(intptr_t)weft_prefork(&how, WORKERS, listener, worker);
}

/* The pid that answered, or 0: that worker was killed meanwhile. */
static pid_t ask(const char *address)
{
	int pid = 0;
	size_t n = 0;
	int fd = weft_dial_timeout(address, WEFT_S(60));
	check(fd >= 0);
	ssize_t err = weft_read_all_timeout(fd, &pid, sizeof pid, &n, WEFT_S(60));
	check(err != -ETIMEDOUT); /* somebody lives to accept it */
	check_eq(weft_close(fd), 0);
	return n == sizeof pid ? (pid_t)pid : 0;
}

static void *kill_workers(void *arg)
{
	char address[64];
	int lost = 0;
	listener = weft_listen_on("127.0.0.1:0", 0, 0);
	check(listener >= 0);
	check(weft_sockname(listener, address, sizeof address) > 0);
	weft_t thread = spawn(WEFT_GREEN, server, NULL);
	for (int i = 0; i < rounds(KILLS); i++) {
		pid_t pid = ask(address);
		if (pid)
			kill(pid, SIGKILL);
		lost += !pid;
		for (int k = 0; k < 10; k++)
			lost += !ask(address);
	}
	check(lost <= rounds(KILLS) * 2); /* those alone that the killed one had in hand */
	wait_until(get(seen.ends) > 0 && get(seen.starts) == get(seen.ends) + WORKERS);
	printf("restarts: %llu, fastest %llu us, slowest %llu us; requests lost: %d\n",
	       (unsigned long long)get(seen.restarts), (unsigned long long)get(seen.fastest) / 1000,
	       (unsigned long long)get(seen.slowest) / 1000, lost);
	fflush(stdout);
	check_eq(weft_cancel(thread), 0);
	check_eq((intptr_t)join(thread), -ECANCELED);
	check_eq(weft_close(listener), 0);
	return arg;
}

START_TEST(a_server)
{
	run_with_processes(kill_workers, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { children_of_three_kinds, a_fork_bomb, a_server, NULL };
	return run_tests("system/supervise_process", tests);
}
