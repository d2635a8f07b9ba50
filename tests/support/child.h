/* SPDX-License-Identifier: MIT */
/* Run something in a forked child and learn how it died and what it said on stderr. */
#ifndef WEFT_TESTS_CHILD_H
#define WEFT_TESTS_CHILD_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/support/support.h"

struct child {
	int status; /* as of waitpid */
	size_t length;
	char text[8192]; /* stderr, cut to fit */
};

static inline void read_all(int fd, struct child *child)
{
	char rest[256];
	ssize_t n;
	child->length = 0;
	while ((n = read(fd, child->text + child->length, sizeof child->text - 1 - child->length)) > 0)
		child->length += (size_t)n;
	while (read(fd, rest, sizeof rest) > 0)
		;
	child->text[child->length] = 0;
}

/* fn(arg) in a child; it exits with what fn returns, unless it dies before. A minute is the longest it may take. */
static inline struct child run_child(int (*fn)(void *), void *arg)
{
	struct child child;
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		alarm(60);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		_exit(fn(arg));
	}
	close(ends[1]);
	read_all(ends[0], &child);
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &child.status, 0), pid);
	return child;
}

static inline bool said(const struct child *child, const char *words)
{
	return strstr(child->text, words) != NULL;
}

#define ck_said(child, words)                                                                                          \
	ck_assert_msg(said((child), (words)), "it did not say \"%s\" but: %.2000s", (words), (child)->text)

#define ck_exited(child, code)                                                                                         \
	ck_assert_msg(WIFEXITED((child)->status) && WEXITSTATUS((child)->status) == (code),                            \
		      "wait status %#x, not exit %d; it said: %.2000s", (unsigned)(child)->status, (code),             \
		      (child)->text)

/* Died of the signal; AddressSanitizer, being the previous handler, reports and exits instead. */
#define ck_died(child, sig)                                                                                            \
	ck_assert_msg((WIFSIGNALED((child)->status) && WTERMSIG((child)->status) == (sig)) ||                          \
			      ((WEFT__ASAN || WEFT__TSAN) && said((child), "Sanitizer")),                              \
		      "wait status %#x, not signal %d; it said: %.2000s", (unsigned)(child)->status, (sig),            \
		      (child)->text)

#endif
