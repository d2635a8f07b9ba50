/* SPDX-License-Identifier: MIT */
/* C++ exceptions stay within a context: thrown and caught there, or, caught nowhere, ending in std::terminate. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/arch/arch_test.h"

#define DEPTH 10

int throw_and_catch(int depth, void (*at_the_bottom)(void), int *destroyed);
void throw_out(void);

static void *here, *there;
static weft__a32 release;

static void go_away(void)
{
	weft__arch_switch(&there, here, &release);
}

static struct weft__arch_next throw_often(void *arg)
{
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(throw_and_catch(DEPTH, go_away, arg), 42);
	return (struct weft__arch_next){ here, &release };
}

static void come_back_often(int *destroyed)
{
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(*destroyed, i * (DEPTH + 1));
		weft__arch_switch(&here, there, &release);
	}
	ck_assert_int_eq(*destroyed, 100 * (DEPTH + 1));
}

START_TEST(caught_in_a_started_context)
{
	int destroyed = 0;
	weft__arch_start(&here, new_stack(), throw_often, &destroyed, &release);
	come_back_often(&destroyed);
}
END_TEST

START_TEST(caught_in_a_prepared_context)
{
	int destroyed = 0;
	there = weft__arch_prepare(new_stack(), throw_often, &destroyed);
	weft__arch_switch(&here, there, &release);
	come_back_often(&destroyed);
}
END_TEST

static struct weft__arch_next throw_past_the_end(void *arg)
{
	(void)arg;
	throw_out();
	_exit(1);
}

static void check_terminates(bool started)
{
	pid_t pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		if (started)
			weft__arch_start(&here, new_stack(), throw_past_the_end, NULL, &release);
		else
			weft__arch_resume(weft__arch_prepare(new_stack(), throw_past_the_end, NULL), &release);
		_exit(2);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status %#x", (unsigned int)status);
}

START_TEST(uncaught_terminates)
{
	check_terminates(true);
	check_terminates(false);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { caught_in_a_started_context, caught_in_a_prepared_context, uncaught_terminates,
				       NULL };
	return run_tests("arch/exception", tests);
}
