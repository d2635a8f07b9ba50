/* SPDX-License-Identifier: MIT */
/* weft_waitpid and weft_sigwait: what they take, the errors, time limits, cancellation, and that nothing is taken twice. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/support/support.h"

static pid_t child(int code, useconds_t after)
{
	pid_t pid = fork();
	check(pid >= 0);
	if (pid == 0) {
		usleep(after);
		_exit(code);
	}
	return pid;
}

static void *wait_for_children(void *arg)
{
	int status = -1;
	check_eq(weft_waitpid(getpid(), &status, 0), -ECHILD);
	check_eq(weft_waitpid(-1, &status, WNOHANG), -ECHILD);
	check_eq(weft_waitpid(1 << 30, NULL, 0), -ECHILD);
	check_eq(weft_waitpid(-1, &status, 0x40000), -EINVAL);
	for (int i = 0; i < 6; i++) {
		pid_t pid = child(40 + i, i % 2 ? 5000 : 0);
		pid_t which = i < 4 ? pid : i == 4 ? -1 : 0;
		check_eq(weft_waitpid(which, &status, i == 3 ? WUNTRACED : 0), pid);
		check(WIFEXITED(status));
		check_eq(WEXITSTATUS(status), 40 + i);
	}
	pid_t pid = child(7, 1000000000);
	check_eq(weft_waitpid(pid, &status, WNOHANG), 0);
	check_eq(weft_waitpid_timeout(pid, &status, 0, 0), -ETIMEDOUT);
	uint64_t begin = weft_now();
	check_eq(weft_waitpid_timeout(pid, &status, 0, WEFT_MS(3)), -ETIMEDOUT);
	check_eq(weft_waitpid_timeout(-1, &status, 0, WEFT_MS(3)), -ETIMEDOUT);
	check(weft_now() - begin >= WEFT_MS(6));
	check_eq(kill(pid, SIGSTOP), 0);
	check_eq(weft_waitpid(pid, &status, WUNTRACED), pid);
	check(WIFSTOPPED(status));
	check_eq(kill(pid, SIGKILL), 0);
	check_eq(weft_waitpid_timeout(pid, NULL, 0, WEFT_S(60)), pid);
	check_eq(weft_waitpid(pid, NULL, 0), -ECHILD);
	return arg;
}

static void *on_each_kind(void *fn)
{
	void *(*function)(void *) = *(void *(**)(void *))fn;
	join(spawn(WEFT_GREEN, function, NULL));
	join(spawn(WEFT_BOUND, function, NULL));
	pthread_t thread = outsider(function, NULL);
	wait_until(pthread_tryjoin_np(thread, NULL) == 0);
	return NULL;
}

START_TEST(children)
{
	void *(*fn)(void *) = wait_for_children;
	run(on_each_kind, &fn);
	wait_for_children(NULL);
}
END_TEST

static void *wait_canceled(void *arg)
{
	check_eq(weft_waitpid(*(pid_t *)arg, NULL, 0), -ECANCELED);
	check_eq(weft_waitpid(-1, NULL, 0), -ECANCELED);
	check_eq(weft_sigwait(WEFT_SIGNAL(SIGUSR1), NULL), -ECANCELED);
	return arg;
}

static void *cancel_them(void *arg)
{
	static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };
	pid_t pid = child(0, 1000000000);
	for (int i = 0; i < 6; i++) {
		weft_t thread = spawn(kinds[i % 2], wait_canceled, &pid);
		weft_sleep(WEFT_US(500) * (uint64_t)i);
		check_eq(weft_cancel(thread), 0);
		join(thread);
	}
	check_eq(kill(pid, SIGKILL), 0);
	check_eq(weft_waitpid(pid, NULL, 0), pid); /* nobody has taken it */
	return arg;
}

static void block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN);
	check_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
}

START_TEST(canceled)
{
	block_signals();
	run(cancel_them, NULL);
}
END_TEST

static void *kill_later(void *arg)
{
	usleep(3000);
	check_eq(kill(getpid(), SIGUSR2), 0);
	return arg;
}

static void *wait_for_signals(void *arg)
{
	struct weft_siginfo info;
	uint64_t both = WEFT_SIGNAL(SIGUSR1) | WEFT_SIGNAL(SIGUSR2);
	check_eq(weft_sigwait(0, &info), -EINVAL);
	check_eq(weft_sigwait(WEFT_SIGNAL(SIGKILL), &info), -EINVAL);
	check_eq(weft_sigwait(both | WEFT_SIGNAL(SIGSTOP), &info), -EINVAL);
	check_eq(weft_sigwait_timeout(both, &info, 0), -ETIMEDOUT);
	check_eq(weft_sigwait_timeout(both, &info, WEFT_MS(2)), -ETIMEDOUT);
	check_eq(kill(getpid(), SIGUSR1), 0);
	check_eq(weft_sigwait(both, &info), SIGUSR1);
	check_eq(info.signal, SIGUSR1);
	check_eq(info.pid, getpid());
	check_eq(info.code, SI_USER);
	check_eq(info.uid, getuid());
	pthread_t thread = outsider(kill_later, NULL);
	check_eq(weft_sigwait(both, NULL), SIGUSR2);
	wait_until(pthread_tryjoin_np(thread, NULL) == 0);
	for (int i = 1; i <= 3; i++)
		check_eq(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }), 0);
	for (int i = 1; i <= 3; i++) {
		check_eq(weft_sigwait_timeout(both | WEFT_SIGNAL(SIGRTMIN), &info, WEFT_S(60)), SIGRTMIN);
		check_eq(info.value & 0xffffffff, i);
		check_eq(info.code, SI_QUEUE);
	}
	check_eq(weft_sigwait_timeout(both, NULL, 0), -ETIMEDOUT);
	return arg;
}

START_TEST(signals)
{
	void *(*fn)(void *) = wait_for_signals;
	block_signals();
	run(on_each_kind, &fn);
	wait_for_signals(NULL);
}
END_TEST

static shared calls, nth;

static int fail_nth(enum weft__os_site site)
{
	return site == WEFT__OS_PROCESS && get(nth) && add(calls, 1) == get(nth) ? -EMFILE : 0;
}

static void *fail_each(void *arg)
{
	bool reached = true;
	uint64_t n = 1;
	for (; reached; n++) {
		pid_t pid = child(0, 2000), got;
		set(calls, 0);
		set(nth, n);
		got = weft_waitpid(pid, NULL, 0);
		check(got == pid || got == -EMFILE);
		int signal = weft_sigwait_timeout(WEFT_SIGNAL(SIGUSR1), NULL, WEFT_US(100));
		check(signal == -ETIMEDOUT || signal == -EMFILE);
		reached = get(calls) >= n;
		set(nth, 0);
		check_eq(got == -EMFILE || signal == -EMFILE, reached);
		check_eq(weft_waitpid(pid, NULL, 0), got == pid ? -ECHILD : pid);
	}
	check(n > 5);
	return arg;
}

START_TEST(each_call_fails)
{
	block_signals();
	weft__os_fault_hook = fail_nth;
	run(fail_each, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { children, canceled, signals, each_call_fails, NULL };
	return run_tests("system/child", tests);
}
