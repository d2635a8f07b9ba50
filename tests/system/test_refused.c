/* SPDX-License-Identifier: MIT */
/* A kernel that refuses io_uring, as containers' seccomp filters have it: one line that says so, and everything works by epoll. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/support/child.h"
#include "tests/support/io.h"

enum { SETUP = 425, BYTES = 300000, SKIPPED = 77 }; /* io_uring_setup, on every machine; ENTER and REGISTER follow */

struct refusal {
	const char *io; /* WEFT_IO */
	int error;
};

/* From here on io_uring's calls fail with this error, in all threads to come. False: this kernel, or emulator, has no filters. */
static bool refuse(int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SETUP, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SETUP + 2, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 && syscall(SETUP, 0, NULL) == -1 &&
	       errno == error;
}

static void *send_all(void *arg)
{
	const struct pair *p = arg;
	static unsigned char data[BYTES];
	for (unsigned i = 0; i < BYTES; i++)
		data[i] = byte_at(i);
	check_eq(weft_write_all(p->in, data, BYTES, NULL), BYTES);
	check_eq(weft_close(p->in), 0);
	return arg;
}

/* Waits to read, to write, for a connection, for a file, for a time. */
static void *work(void *arg)
{
	static unsigned char data[BYTES];
	static const enum pair_kind streams[] = { PIPE, UNIX, TCP };
	for (int k = 0; k < 3; k++) {
		struct pair p = make_pair(streams[k]);
		weft_t sender = spawn(WEFT_GREEN, send_all, &p);
		check_eq(weft_read_all(p.out, data, BYTES, NULL), BYTES);
		for (unsigned i = 0; i < BYTES; i++)
			check_eq(data[i], byte_at(i));
		check_eq(weft_read_timeout(p.out, data, 1, WEFT_S(10)), 0);
		join(sender);
		check_eq(weft_close(p.out), 0);
	}
	struct sockaddr_in address;
	int listener = listen_any(&address, 1), client = weft_socket(AF_INET, SOCK_STREAM, 0);
	check_eq(weft_accept_timeout(listener, NULL, NULL, 0, WEFT_MS(1)), -ETIMEDOUT);
	check_eq(weft_connect(client, (struct sockaddr *)&address, sizeof address), 0);
	check_eq(weft_close(client), 0);
	check_eq(weft_close(listener), 0);
	FILE *file = tmpfile();
	check_eq(weft_pwrite(fileno(file), "hello", 5, 0), 5);
	check_eq(weft_pread(fileno(file), data, BYTES, 0), 5);
	fclose(file);
	return arg;
}

static int child(void *arg)
{
	const struct refusal *r = arg;
	check_eq(r->io ? setenv("WEFT_IO", r->io, 1) : unsetenv("WEFT_IO"), 0);
	if (!refuse(r->error))
		return SKIPPED;
	return weft_run(NULL, work, NULL, NULL);
}

static int lines(const struct child *child)
{
	int n = 0;
	for (const char *at = child->text; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static bool run_refused(const char *io, int error, struct child *done)
{
	struct refusal r = { io, error };
	*done = run_child(child, &r);
	if (WIFEXITED(done->status) && WEXITSTATUS(done->status) == SKIPPED)
		return false;
	ck_exited(done, 0);
	return true;
}

START_TEST(asked_for)
{
	static const int errors[] = { EPERM, ENOSYS, EACCES };
	struct child done;
	for (int i = 0; i < 3; i++) {
		if (!run_refused("uring", errors[i], &done)) {
			puts("no seccomp filters here");
			return;
		}
		ck_said(&done, "io_uring");
		ck_said(&done, "epoll");
		ck_assert_msg(lines(&done) == 1, "not one line but: %s", done.text);
	}
}
END_TEST

/* Who has not asked for it may be told, once. */
START_TEST(not_asked_for)
{
	struct child done;
	if (!run_refused(NULL, EPERM, &done))
		return;
	ck_assert_msg(lines(&done) <= 1, "more than one line: %s", done.text);
	if (run_refused("epoll", EPERM, &done))
		ck_assert_msg(!done.length, "%s", done.text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { asked_for, not_asked_for, NULL };
	return run_tests("system/refused", tests);
}
