/* SPDX-License-Identifier: MIT */
/* Threads that are processes: what they are given, how they end, and what is left of them: nothing. */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/support/process.h"

static int global = 1;

static void *address_space(void *arg)
{
	uintptr_t was = (uintptr_t)global;
	global = 77;
	(void)arg;
	return (void *)was;
}

static void *by_value(void *arg)
{
	const char *text = arg;
	return (void *)strlen(text);
}

static void *own_runtime(void *arg)
{
	weft_t thread[20];
	uintptr_t sum = 0;
	check_eq(weft_workers(), 1);
	check_eq(weft_spawn(NULL, WEFT_PROCESS, number, arg), -ENOTSUP);
	for (uintptr_t i = 0; i < 20; i++)
		thread[i] = spawn(i % 2 ? WEFT_BOUND : NULL, number, (void *)i);
	for (int i = 0; i < 20; i++)
		sum += (uintptr_t)join(thread[i]);
	weft_sleep(WEFT_MS(1));
	return (void *)sum;
}

static void *by_weft_exit(void *arg)
{
	weft_exit(arg);
}

static void *by_signal(void *arg)
{
	const struct rlimit_like {
		int signal;
	} *what = arg;
	signal(what->signal, SIG_DFL);
	raise(what->signal);
	return NULL;
}

static void *write_nowhere(void *arg)
{
	*(volatile int *)arg = 1;
	return arg;
}

static void *no_such_runtime(void *arg)
{
	check_eq(weft_spawn(NULL, WEFT_PROCESS, number, arg), -ENOTSUP);
	return arg;
}

START_TEST(only_if_configured)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	struct weft_config config = WEFT_CONFIG_INIT;
	pid_t pid;
	run(no_such_runtime, NULL);
	ck_assert_int_eq(weft_config_set_process_workers(NULL, 1), -EINVAL);
	ck_assert_int_eq(weft_config_set_process_workers(&config, 257), -EINVAL);
	ck_assert_int_eq(weft_attr_set_data(&attr, NULL, 1), -EINVAL);
	ck_assert_int_eq(weft_attr_set_data(&attr, "", WEFT_DATA_MAX + 1), -EINVAL);
	ck_assert_int_eq(weft_attr_set_descriptors(&attr, NULL, 1), -EINVAL);
	ck_assert_int_eq(weft_attr_set_descriptors(&attr, &global, WEFT_DESCRIPTORS_MAX + 1), -EINVAL);
	ck_assert_int_eq(weft_attr_set_kill_after(NULL, 1), -EINVAL);
	ck_assert_int_eq(weft_process_id(WEFT_NONE, &pid), -ESRCH);
}
END_TEST

static void *values(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	char text[WEFT_DATA_MAX] = "by value";
	check(join(spawn(WEFT_PROCESS, number, (void *)21)) == (void *)42);
	global = 5; /* which a child cannot know */
	check(join(spawn(WEFT_PROCESS, address_space, NULL)) == (void *)1);
	check_eq(global, 5);
	global = 1;
	check(join(spawn(WEFT_PROCESS, own_runtime, NULL)) == (void *)380);
	check(join(spawn(WEFT_PROCESS, by_weft_exit, (void *)7)) == (void *)7);
	check_eq(weft_attr_set_kind(&attr, WEFT_KIND_PROCESS), 0);
	check_eq(weft_attr_set_name(&attr, "a name"), 0);
	check_eq(weft_attr_set_data(&attr, text, 9), 0);
	check(join(spawn(&attr, by_value, NULL)) == (void *)8);
	memset(text, 'x', sizeof text - 1);
	check_eq(weft_attr_set_data(&attr, text, sizeof text), 0);
	check(join(spawn(&attr, by_value, NULL)) == (void *)(sizeof text - 1));
	check_eq(weft_spawn(NULL, WEFT_PROCESS, NULL, NULL), -EINVAL);
	return arg;
}

START_TEST(what_it_is_given)
{
	for (int i = 0; i < runtimes(2); i++)
		run_with_processes(values, NULL);
}
END_TEST

static void *crash_all(void *arg)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGABRT, SIGUSR1 };
	struct weft_attr attr = WEFT_ATTR_INIT;
	check_eq(weft_attr_set_kind(&attr, WEFT_KIND_PROCESS), 0);
	weft_t survivor = spawn(WEFT_PROCESS, own_runtime, NULL);
	for (int i = 0; i < 4; i++) {
		check_eq(weft_attr_set_data(&attr, &signals[i], sizeof signals[i]), 0);
		struct weft_status status = end_of(spawn(&attr, by_signal, NULL));
		check_eq(status.how, WEFT_CRASHED);
		check_eq(status.signal, signals[i]);
		check(status.result == NULL);
		check_eq(weft_join(spawn(&attr, by_signal, NULL), NULL), -EOWNERDEAD);
	}
	struct weft_status status = end_of(spawn(WEFT_PROCESS, by_exit, (void *)3));
	check_eq(status.how, WEFT_EXITED);
	check_eq(status.code, 3);
	status = end_of(spawn(WEFT_PROCESS, number, (void *)4));
	check_eq(status.how, WEFT_EXITED);
	check_eq(status.code, 0);
	check(status.result == (void *)8);
	check(join(survivor) == (void *)380);
	return arg;
}

START_TEST(how_it_ends)
{
	run_with_processes(crash_all, NULL);
}
END_TEST

static void *write_in_a_thread(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	check_eq(weft_attr_set_crash(&attr, WEFT_CRASH_ABORT), 0);
	join(spawn(&attr, write_nowhere, arg));
	return NULL;
}

static void *aborts(void *arg)
{
	(void)arg;
	abort();
}

static void *sends_itself(void *arg)
{
	kill(getpid(), SIGSEGV);
	(void)weft_sleep(WEFT_S(100));
	return arg;
}

/* What it forks has a copy of its socket, and crashes before it. */
static void *dies_after_another(void *arg)
{
	pid_t pid = fork();
	if (pid == 0)
		write_nowhere(arg);
	waitpid(pid, NULL, 0);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return arg;
}

/* The kernel says by which signal it died; the rest it has said itself. */
static void *segfault(void *arg)
{
	static const struct {
		void *(*fn)(void *);
		int signal, code;
		uintptr_t address;
	} cases[] = {
		{ write_nowhere, SIGSEGV, SEGV_MAPERR, 16 },	 { aborts, SIGABRT, SI_TKILL, 0 },
		{ write_in_a_thread, SIGSEGV, SEGV_MAPERR, 16 }, { sends_itself, SIGSEGV, SI_USER, 0 },
		{ dies_after_another, SIGSEGV, 0, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct weft_status status = end_of(spawn(WEFT_PROCESS, cases[i].fn, (void *)16));
		if (WEFT__ASAN || WEFT__TSAN)
			continue; /* whose handlers exit */
		check_eq(status.how, WEFT_CRASHED);
		check_eq(status.signal, cases[i].signal);
		check_eq(status.code, cases[i].code);
		check(status.address == (void *)cases[i].address);
		check(status.result == NULL);
	}
	return arg;
}

static int segfault_child(void *arg)
{
	struct weft_config config = with_processes();
	run_with(&config, segfault, arg);
	if (WEFT__TSAN)
		return 0;
	check_eq(weft_config_set_crash(&config, WEFT_CRASH_CONTAIN), 0);
	run_with(&config, segfault, arg);
	return 0;
}

START_TEST(a_crash_is_reported)
{
	fflush(NULL);
	int ends[2], status;
	static char text[1 << 17];
	ck_assert_int_eq(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		alarm(60);
		_exit(segfault_child(NULL));
	}
	close(ends[1]);
	size_t n = 0;
	for (ssize_t got; n < sizeof text - 1 && (got = read(ends[0], text + n, sizeof text - 1 - n)) > 0;)
		n += (size_t)got;
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_msg(strstr(text, "SIGSEGV") || strstr(text, "Sanitizer"), "it said: %s", text);
}
END_TEST

/* --- descriptors --- */

struct pipes {
	int in, out, closed;
};

/* The runtime of a child may have got the number of a descriptor that is closed there, for a ring. */
static bool is_dev_null(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static void *copy_one(void *arg)
{
	const struct pipes *p = arg;
	char c = 0;
	if (is_dev_null(p->closed))
		return (void *)1;
	if (weft_read(p->in, &c, 1) != 1)
		return (void *)2;
	c++;
	return weft_write(p->out, &c, 1) == 1 && weft_read(p->in, &c, 1) == 0 ? NULL : (void *)3;
}

/* The numbers are exchanged between them, so that whoever puts them in place one by one loses some. */
static void *descriptors_of(void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	int a[2], b[2], other = open("/dev/null", O_RDONLY);
	char c = 'a';
	check_eq(weft_pipe2(a, O_CLOEXEC), 0);
	check_eq(weft_pipe2(b, O_CLOEXEC), 0);
	int high = fcntl(a[0], F_DUPFD_CLOEXEC, 900);
	check(high >= 900);
	struct pipes p = { high, b[1], other };
	const int fds[] = { high, b[1] };
	check_eq(weft_attr_set_kind(&attr, WEFT_KIND_PROCESS), 0);
	check_eq(weft_attr_set_data(&attr, &p, sizeof p), 0);
	check_eq(weft_attr_set_descriptors(&attr, fds, 2), 0);
	weft_t thread = spawn(&attr, copy_one, NULL);
	check_eq(weft_close(high) | weft_close(a[0]) | weft_close(b[1]), 0);
	check_eq(weft_write(a[1], &c, 1), 1);
	check_eq(weft_read(b[0], &c, 1), 1);
	check_eq(c, 'b');
	check_eq(weft_close(a[1]), 0); /* nobody else has it: the child reads the end */
	check(join(thread) == NULL);
	check_eq(weft_read(b[0], &c, 1), 0);
	check_eq(weft_close(b[0]) | close(other), 0);
	const int bad[] = { 998 };
	check_eq(weft_attr_set_descriptors(&attr, bad, 1), 0);
	check_eq(weft_spawn(NULL, &attr, copy_one, NULL), -EBADF);
	return arg;
}

START_TEST(descriptors_are_in_place)
{
	run_with_processes(descriptors_of, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { only_if_configured,  what_it_is_given,	      how_it_ends,
				       a_crash_is_reported, descriptors_are_in_place, NULL };
	return run_tests("system/process", tests);
}
