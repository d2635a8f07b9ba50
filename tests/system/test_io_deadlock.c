/* SPDX-License-Identifier: MIT */
/* Who waits for a descriptor can be woken, so there is no deadlock; once nobody does, there is again. And which poller it is. */
#include <sys/timerfd.h>

#include "tests/support/child.h"
#include "tests/support/io.h"

static bool others_there(void)
{
	const char *emulator = getenv("EMULATOR");
	return WEFT__TSAN || (emulator && *emulator);
}

/* Nobody in the process but the kernel's timer ends this wait. */
static void *await_timer(void *arg)
{
	const struct itimerspec soon = { .it_value.tv_nsec = 100000000 };
	uint64_t count;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	check_eq(timerfd_settime(fd, 0, &soon, NULL), 0);
	check_eq(weft_read(fd, &count, sizeof count), sizeof count);
	check_eq(weft_close(fd), 0);
	return arg;
}

static void *await_timers(void *arg)
{
	weft_t bound = spawn(WEFT_BOUND, await_timer, NULL), green = spawn(NULL, await_timer, NULL);
	join(bound);
	join(green);
	return arg;
}

static void *await_for_ever(void *arg)
{
	await_timers(arg);
	weft_park();
	return arg;
}

static int child(void *arg)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	void *(*fn)(void *) = arg ? await_for_ever : await_timers;
	check_eq(weft_config_set_io(&config, WEFT_IO_EPOLL), 0);
	return weft_run(&config, fn, NULL, NULL);
}

START_TEST(io_is_no_deadlock)
{
	struct child done = run_child(child, NULL);
	ck_assert_msg(WIFEXITED(done.status) && WEXITSTATUS(done.status) == 0 && !done.length, "%s", done.text);
}
END_TEST

START_TEST(without_io_it_is)
{
	if (others_there())
		return;
	struct child died = run_child(child, &died);
	ck_died(&died, SIGABRT);
	ck_said(&died, "deadlock: every thread waits");
}
END_TEST

static int by_environment(void *arg)
{
	check_eq(setenv("WEFT_IO", arg, 1), 0);
	return weft_run(NULL, await_timers, NULL, NULL);
}

START_TEST(chosen_by_the_environment)
{
	char words[8];
	struct child done = run_child(by_environment, strcpy(words, "kqueue"));
	ck_assert_int_eq(done.status, 0);
	ck_said(&done, "neither epoll nor uring");
	done = run_child(by_environment, strcpy(words, "epoll"));
	ck_assert_int_eq(done.status, 0);
	ck_assert_uint_eq(done.length, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { io_is_no_deadlock, without_io_it_is, chosen_by_the_environment, NULL };
	return run_tests("system/io_deadlock", tests);
}
