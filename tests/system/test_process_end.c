/* SPDX-License-Identifier: MIT */
/* Processes that are canceled, killed at every stage, or left alone by their program; and what is left of them: nothing. */
#include "tests/support/process.h"

static void *sleep_long(void *arg)
{
	int err = weft_sleep(WEFT_S(1000));
	return (void *)(intptr_t)(err == -ECANCELED ? 5 : (intptr_t)arg);
}

static void *spin(void *arg)
{
	for (;;)
		(void)arg;
	return NULL;
}

static void *same(void *arg)
{
	return arg;
}

static struct weft_attr impatient(void)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	check_eq(weft_attr_set_kind(&attr, WEFT_KIND_PROCESS), 0);
	check_eq(weft_attr_set_kill_after(&attr, WEFT_MS(20)), 0);
	return attr;
}

/* --- cancel --- */

static void *cancel_them(void *arg)
{
	struct weft_attr attr = impatient();
	weft_t thread = spawn(WEFT_PROCESS, sleep_long, NULL);
	check_eq(weft_cancel(thread), 0);
	struct weft_status status = end_of(thread);
	check_eq(status.how, WEFT_CANCELED);
	check_eq(status.signal, 0);
	check(status.result == (void *)5); /* it was told, and found its way out */

	thread = spawn(&attr, spin, NULL);
	check_eq(weft_join_timeout(thread, NULL, WEFT_MS(5)), -ETIMEDOUT);
	check_eq(weft_cancel(thread), 0);
	status = end_of(thread);
	check_eq(status.how, WEFT_CANCELED);
	check_eq(status.signal, SIGKILL);
	return arg;
}

START_TEST(cancel)
{
	run_with_processes(cancel_them, NULL);
}
END_TEST

static int return_it(void *arg)
{
	return (int)(intptr_t)arg;
}

static int sleep_in_scope(void *arg)
{
	(void)arg;
	return weft_sleep(WEFT_S(1000));
}

static int killed_in_scope(void *arg)
{
	(void)arg;
	return kill(getpid(), SIGKILL);
}

static void *scopes(void *arg)
{
	struct weft_scope scope;
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_spawn(&scope, WEFT_PROCESS, return_it, NULL), 0);
	check_eq(weft_scope_close(&scope), 0);
	check_eq(weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST), 0);
	check_eq(weft_scope_spawn(&scope, WEFT_PROCESS, sleep_in_scope, NULL), 0);
	check_eq(weft_scope_spawn(&scope, WEFT_PROCESS, return_it, (void *)(intptr_t)-EDOM), 0);
	check_eq(weft_scope_close(&scope), -EDOM);
	check_eq(weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST), 0);
	check_eq(weft_scope_spawn(&scope, WEFT_PROCESS, sleep_in_scope, NULL), 0);
	check_eq(weft_scope_spawn(&scope, WEFT_PROCESS, killed_in_scope, NULL), 0);
	check_eq(weft_scope_close(&scope), -EOWNERDEAD);
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_set_timeout(&scope, WEFT_MS(20)), 0);
	check_eq(weft_scope_spawn(&scope, WEFT_PROCESS, sleep_in_scope, NULL), 0);
	check_eq(weft_scope_close(&scope), -ETIMEDOUT);
	return arg;
}

START_TEST(in_scopes)
{
	run_with_processes(scopes, NULL);
}
END_TEST

/* --- kill -9 --- */

struct stage {
	shared pid; /* of the child, once it runs */
	shared go;
};

static struct stage *stage;

static void *work_and_tell(void *arg)
{
	set(stage->pid, (uint64_t)getpid());
	for (uint64_t i = 0; !get(stage->go); i++)
		join(spawn(i % 8 ? WEFT_GREEN : WEFT_BOUND, same, arg));
	return arg;
}

/* An outsider that kills whatever runs there, at any moment. */
static void *killer(void *arg)
{
	uint64_t pid, seed = new_seed(), *end = arg;
	while (!atomic_load((_Atomic(uint64_t) *)end)) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		usleep((useconds_t)(seed >> 33) % 400);
		if ((pid = atomic_exchange(&stage->pid, 0)))
			kill((pid_t)pid, SIGKILL);
	}
	return NULL;
}

static void *kill_while_running(void *arg)
{
	static uint64_t end;
	pthread_t thread = outsider(killer, &end);
	for (int i = 0; i < rounds(100); i++) {
		struct weft_status status = end_of(spawn(WEFT_PROCESS, work_and_tell, arg));
		check_eq(status.how, WEFT_CRASHED);
		check_eq(status.signal, SIGKILL);
	}
	atomic_store((_Atomic(uint64_t) *)&end, 1);
	wait_until(pthread_tryjoin_np(thread, NULL) == 0);
	return arg;
}

START_TEST(killed_while_it_runs)
{
	stage = shared_memory(sizeof *stage);
	run_with_processes(kill_while_running, NULL);
}
END_TEST

/* The helper's children are those of no other: whoever is one is killed before it has said that it has started, too. */
static pid_t helper_of(pid_t child)
{
	char path[64], text[512], *at;
	int parent = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
	FILE *f = fopen(path, "re");
	check(f && fgets(text, sizeof text, f));
	fclose(f);
	at = strrchr(text, ')');
	check(sscanf(at, ") %*c %d", &parent) == 1);
	return (pid_t)parent;
}

static void kill_children_of(pid_t helper)
{
	char path[64], text[512] = "";
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)helper, (int)helper);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(text, sizeof text, f))
		for (char *at = text; *at;) {
			long pid = strtol(at, &at, 10);
			if (pid > 0)
				kill((pid_t)pid, SIGKILL);
			while (*at == ' ')
				at++;
		}
	fclose(f);
}

static shared over, helper_pid;

static void *kill_all(void *arg)
{
	while (!get(over))
		kill_children_of((pid_t)get(helper_pid));
	return arg;
}

static void *kill_while_starting(void *arg)
{
	weft_t first = spawn(WEFT_PROCESS, sleep_long, NULL);
	int killed = 0;
	set(helper_pid, (uint64_t)helper_of(process_of(first)));
	pthread_t thread = outsider(kill_all, NULL);
	check_eq(end_of(first).signal, SIGKILL);
	for (int i = 0; i < rounds(300); i++) {
		weft_t child = WEFT_NONE;
		check_eq(weft_spawn(&child, WEFT_PROCESS, same, (void *)1), 0);
		struct weft_status status = end_of(child);
		check(status.how == WEFT_CRASHED ? status.signal == SIGKILL : status.result == (void *)1);
		killed += status.how == WEFT_CRASHED;
	}
	check(killed > 0);
	set(over, 1);
	wait_until(pthread_tryjoin_np(thread, NULL) == 0);
	check(join(spawn(WEFT_PROCESS, same, (void *)3)) == (void *)3);
	return arg;
}

START_TEST(killed_while_it_starts)
{
	run_with_processes(kill_while_starting, NULL);
}
END_TEST

static void *kill_the_helper(void *arg)
{
	weft_t child[8];
	pid_t pid[8];
	for (int i = 0; i < 8; i++) {
		child[i] = spawn(WEFT_PROCESS, i % 2 ? sleep_long : spin, NULL);
		pid[i] = process_of(child[i]);
	}
	pid_t helper = helper_of(pid[0]);
	kill(helper, SIGTERM); /* is nothing to it */
	check(join(spawn(WEFT_PROCESS, same, (void *)3)) == (void *)3);
	kill(helper, SIGKILL);
	for (int i = 0; i < 8; i++) {
		check_eq(end_of(child[i]).signal, SIGKILL);
		wait_until(is_gone(pid[i]));
	}
	check_eq(weft_spawn(NULL, WEFT_PROCESS, same, NULL), -EOWNERDEAD);
	return arg;
}

START_TEST(the_helper_killed)
{
	run_with_processes(kill_the_helper, NULL);
	if (runtimes(2) == 2)
		run_with_processes(cancel_them, NULL); /* another runtime has another */
}
END_TEST

/* --- the program goes --- */

struct family {
	shared pid[8], helper, go;
};

static struct family *family;

static void *be_family(void *arg)
{
	for (int i = 0; i < 8; i++) {
		weft_t child = spawn(WEFT_PROCESS, i % 2 ? sleep_long : spin, NULL);
		set(family->pid[i], (uint64_t)process_of(child));
	}
	set(family->helper, (uint64_t)helper_of((pid_t)get(family->pid[0])));
	set(family->go, 1);
	if (arg)
		exit(0);
	weft_sleep(WEFT_S(1000));
	return arg;
}

static void family_goes(bool by_exit)
{
	int status;
	family = shared_memory(sizeof *family);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		run_with_processes(be_family, by_exit ? (void *)1 : NULL);
		_exit(1);
	}
	wait_until(get(family->go));
	if (!by_exit)
		kill(pid, SIGKILL);
	check_eq(waitpid(pid, &status, 0), pid);
	wait_until(is_gone((pid_t)get(family->helper)));
	for (int i = 0; i < 8; i++)
		wait_until(is_gone((pid_t)get(family->pid[i])));
}

START_TEST(the_program_killed)
{
	family_goes(false);
	family_goes(true);
}
END_TEST

static void *detached(void *arg)
{
	struct weft_scope scope;
	for (int i = 0; i < 10; i++)
		check_eq(weft_spawn(NULL, WEFT_PROCESS, same, arg), 0);
	check_eq(weft_scope_open(&scope, 0), 0);
	for (int i = 0; i < 10; i++)
		check_eq(weft_scope_spawn(&scope, WEFT_PROCESS, sleep_in_scope, arg), 0);
	check_eq(weft_scope_cancel(&scope), 0);
	check_eq(weft_scope_close(&scope), -ECANCELED);
	return arg;
}

START_TEST(the_runtime_ends_with_them)
{
	run_with_processes(detached, NULL); /* returns when all are over */
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { cancel,
				       in_scopes,
				       killed_while_it_runs,
				       killed_while_it_starts,
				       the_helper_killed,
				       the_program_killed,
				       the_runtime_ends_with_them,
				       NULL };
	return run_tests("system/process_end", tests);
}
