/* SPDX-License-Identifier: MIT */
/*
 * What gdb finds in the core dump of a program that died of a fault: the function that faulted at the top, and whom it was
 * called by, down to what the thread began with, where the stack ends.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/support/faults.h"

enum { EXE_MAX = 512, TEXT_MAX = 1 << 16 };

static char folder[64], exe[EXE_MAX];

static void skip_if(bool condition, const char *why)
{
	if (!condition)
		return;
	printf("skipped: %s\n", why);
	exit(77);
}

/* What this command prints. */
static const char *output_of(const char *command)
{
	static char text[TEXT_MAX];
	FILE *pipe = popen(command, "r");
	check(pipe);
	text[fread(text, 1, sizeof text - 1, pipe)] = 0;
	pclose(pipe);
	return text;
}

static void skip_unless_there(void)
{
	struct rlimit limit;
	const char *emulator = getenv("EMULATOR");
	skip_if(WEFT__ASAN || WEFT__TSAN, "sanitizers have crashes for themselves");
	skip_if(emulator && *emulator, "an emulator's core dump");
	skip_if(!*output_of("command -v gdb"), "there is no gdb");
	skip_if(getrlimit(RLIMIT_CORE, &limit) || limit.rlim_max < 64 << 20,
		"no core dumps are allowed (ulimit -H -c)");
	const char *pattern = output_of("cat /proc/sys/kernel/core_pattern");
	skip_if(strpbrk(pattern, "|/") || !*pattern, "core dumps go elsewhere (kernel.core_pattern)");
}

/* --- the program that dies --- */

CARELESS static int faulting_function(volatile int *at)
{
	*at = 1;
	return *at;
}

CARELESS static int calling_function(volatile int *at)
{
	return faulting_function(at) + 1;
}

static void *thread_function(void *arg)
{
	volatile char here = 0;
	return (void *)(intptr_t)(arg ? deeper(&here, INT_MAX) : calling_function(NULL));
}

struct death {
	const struct weft_attr *kind;
	bool overflow;
};

static void *die(void *arg)
{
	struct death *death = arg;
	join(spawn(death->kind, thread_function, death->overflow ? arg : NULL));
	return NULL;
}

/* False: there is no core dump. */
static bool died(struct death *death)
{
	struct rlimit limit;
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct weft_config config = WEFT_CONFIG_INIT;
		weft_config_set_crash_report(&config, false);
		getrlimit(RLIMIT_CORE, &limit);
		limit.rlim_cur = limit.rlim_max;
		_exit(setrlimit(RLIMIT_CORE, &limit) || chdir(folder) || weft_run(&config, die, death, NULL));
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	return WCOREDUMP(status);
}

/* --- what gdb says --- */

/* The first file there. */
static void core_name(char *name, size_t size)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	check(dir);
	name[0] = 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(name, size, "%s/%s", folder, entry->d_name);
	closedir(dir);
	check(name[0]);
}

static const char *gdb(const char *command)
{
	char core[EXE_MAX], line[3 * EXE_MAX];
	core_name(core, sizeof core);
	snprintf(line, sizeof line,
		 "gdb -nx -batch -iex 'set debuginfod enabled off' -ex '%s' '%s' '%s' 2>&1 </dev/null | grep '^#'",
		 command, exe, core);
	return output_of(line);
}

static void drop_core(void)
{
	char core[EXE_MAX];
	core_name(core, sizeof core);
	check_eq(unlink(core), 0);
}

/* These stand there, in this order, the first in frame 0. */
static void check_order(const char *text, const char *const *names)
{
	const char *at = text, *end = strchr(text, '\n');
	ck_assert_msg(end && strstr(at, names[0]) && strstr(at, names[0]) < end, "gdb said: %s", text);
	for (; *names; names++) {
		at = strstr(at, *names);
		ck_assert_msg(at != NULL, "no %s; gdb said: %s", *names, text);
	}
}

static void check_core(const struct weft_attr *kind, const char *entry)
{
	struct death death = { kind, false };
	const char *const frames[] = { "faulting_function", "calling_function", "thread_function", entry, NULL };
	check(died(&death));
	const char *text = gdb("backtrace");
	check_order(text, frames);
	if (WEFT_ARCH_REDIRECTS) /* the port in C begins in the C library */
		ck_assert_msg(!strstr(text, "??"), "gdb said: %s", text);
	drop_core();
}

START_TEST(a_green_thread)
{
	check_core(WEFT_GREEN, "weft__thread_main");
}
END_TEST

START_TEST(a_bound_thread)
{
	check_core(WEFT_BOUND, "weft__bound_main");
}
END_TEST

START_TEST(a_stack_overflow)
{
	struct death death = { WEFT_GREEN, true };
	const char *const innermost[] = { "deeper", NULL };
	const char *const outermost[] = { "deeper", "thread_function", "weft__thread_main", NULL };
	check(died(&death));
	check_order(gdb("backtrace 1"), innermost);
	check_order(gdb("backtrace -5"), outermost);
	drop_core();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_green_thread, a_bound_thread, a_stack_overflow, NULL };
	const char *parent = getenv("TMPDIR");
	skip_unless_there();
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	check(n > 0);
	snprintf(folder, sizeof folder, "%s/weft-gdb.XXXXXX", parent && strlen(parent) < 32 ? parent : "/tmp");
	check(mkdtemp(folder));
	bool dumped = died(&(struct death){ WEFT_GREEN, false });
	if (dumped)
		drop_core();
	else
		rmdir(folder);
	skip_if(!dumped, "the kernel wrote no core dump");
	int failed = run_tests("system/gdb", tests);
	rmdir(folder);
	return failed;
}
