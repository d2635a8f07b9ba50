/* SPDX-License-Identifier: MIT */
/*
 * Each system call on rings fails, with each error that it may give: at every n-th call once, until a run does not
 * come to it, and at random. Meanwhile data flow, and waits end in all ways (tests/support/io_work.h). A hand-over
 * or a cancel that has failed is made good, and nobody hears of it; where there can be no ring the caller is told,
 * or epoll is used.
 */
#include "tests/support/child.h"
#include "tests/support/descriptors.h"
#include "tests/support/io_work.h"

/* More than any other: those that one run comes to are tried. */
enum { CALLS_MOST = 2000, SLOW = WEFT__TSAN || WEFT__ASAN };

struct plan {
	enum weft__os_site site;
	int error;
	uint64_t nth;	 /* fails; 0: at random, one in */
	uint32_t one_in; /* ... of all sites */
	uint64_t seed;
};

static struct plan plan;
static shared calls, dice;

static int fail_nth(enum weft__os_site site)
{
	return site == plan.site && add(calls, 1) == plan.nth ? plan.error : 0;
}

static const int setup_errors[] = { -ENOMEM, -EMFILE, -EPERM, 0 };
static const int enter_errors[] = { -EINTR, -EAGAIN, -EBUSY, -ENOMEM, -EBADR, -ETIME, 0 };
static const int cancel_errors[] = { -ENOENT, -EALREADY, -EINVAL, -EAGAIN, -ETIME, 0 };

static const int *errors_of(enum weft__os_site site)
{
	return site == WEFT__OS_URING ? setup_errors : site == WEFT__OS_URING_ENTER ? enter_errors : cancel_errors;
}

static int how_many(const int *errors)
{
	int n = 0;
	while (errors[n])
		n++;
	return n;
}

/* Not set-up: a runtime without rings has nothing to fail. */
static int fail_at_random(enum weft__os_site site)
{
	if (site != WEFT__OS_URING_ENTER && site != WEFT__OS_URING_CANCEL)
		return 0;
	uint64_t random = add(dice, 0x9e3779b97f4a7c15u);
	uint64_t face = weft__random_next(&random) >> 16;
	if (face % plan.one_in)
		return 0;
	add(calls, 1);
	return errors_of(site)[face / plan.one_in % (uint64_t)how_many(errors_of(site))];
}

static int open_descriptors(void)
{
	int n = 0;
	for (int fd = 0; fd < 2 * FAR; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Who waits outside has an event descriptor, which stays. */
static void wait_outside(void)
{
	struct pair p = make_pair(PIPE);
	char data;
	check_eq(weft_read_timeout(p.out, &data, 1, 1), -ETIMEDOUT);
	close_pair(p);
}

static void work_well(void)
{
	struct work w = { .seed = plan.seed, .bytes = 20, .closes = 1 };
	run(work_all, &w);
}

enum { NONE_FAILED = 10, SOME_FAILED }; /* exit codes: libcheck's is 1 */

static int work_failing(void *arg)
{
	plan = *(struct plan *)arg;
	struct work w = { .seed = plan.seed, .bytes = 200, .closes = 4, .hogs = !plan.nth && plan.one_in < 8 };
	w.error = plan.site == WEFT__OS_URING ? plan.error : 0;
	set(dice, plan.seed);
	wait_outside();
	work_well();
	int open = open_descriptors();
	weft__os_fault_hook = plan.nth ? fail_nth : fail_at_random;
	run(work_all, &w);
	weft__os_fault_hook = NULL;
	work_well();
	if (open_descriptors() > open) /* the runtime before may have had one more, to make guards by */
		say_descriptors();
	check(open_descriptors() <= open);
	bool failed = get(calls) >= (plan.nth ? plan.nth : 1);
	return failed ? SOME_FAILED : NONE_FAILED;
}

/* Whether it came to one that failed. */
static bool works_failing(struct plan *p)
{
	struct child child = run_child(work_failing, p);
	int code = WIFEXITED(child.status) ? WEXITSTATUS(child.status) : -1;
	ck_assert_msg(code == NONE_FAILED || code == SOME_FAILED,
		      "call %d of site %d, error %d, WEFT_TEST_SEED=%llu: wait status %#x; it said: %.2000s",
		      (int)p->nth, p->site, p->error, (unsigned long long)p->seed, (unsigned)child.status, child.text);
	return code == SOME_FAILED;
}

/*
 * The errors take turns, but for the first calls, which fail with each. How many calls there are is a matter of
 * timing: a few more than a run came to are tried.
 */
static void fail_each_call(enum weft__os_site site)
{
	const int *errors = errors_of(site);
	unsigned n_errors = (unsigned)how_many(errors), misses = 0;
	struct plan p = { .site = site, .seed = new_seed() };
	if (!by_uring())
		return;
	for (p.nth = 1; p.nth <= CALLS_MOST && misses < 3; p.nth += SLOW ? 1 + p.nth / 8 : 1) {
		bool came = false;
		for (unsigned i = 0; i < (p.nth <= 5 ? n_errors : 1); i++) {
			p.error = errors[(p.nth + i) % n_errors];
			came |= works_failing(&p);
		}
		misses = came ? 0 : misses + 1;
	}
	ck_assert_uint_gt(p.nth, 1 + misses);
}

START_TEST(each_setup_fails)
{
	fail_each_call(WEFT__OS_URING);
}
END_TEST

START_TEST(each_enter_fails)
{
	fail_each_call(WEFT__OS_URING_ENTER);
}
END_TEST

START_TEST(each_cancel_fails)
{
	fail_each_call(WEFT__OS_URING_CANCEL);
}
END_TEST

START_TEST(some_fail)
{
	static const uint32_t one_in[] = { 16, 8, 4, 2 };
	struct plan p = { .seed = new_seed() };
	int came = 0;
	if (!by_uring())
		return;
	for (int i = 0; i < rounds(24); i++, p.seed += 2) {
		p.one_in = one_in[i % 4];
		came += works_failing(&p);
	}
	ck_assert_int_ge(came, rounds(24) / 2);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { each_setup_fails, each_enter_fails, each_cancel_fails, some_fail, NULL };
	return run_tests("fault/fail_rings", tests);
}
