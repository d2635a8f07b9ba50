/* SPDX-License-Identifier: MIT */
/*
 * Supervisors: order, the three strategies, the three policies, the limit, back-off, escalation, a cancel; with children of all
 * kinds. What happens is written down as a text: "+a" for a start, "-a" for an end that was not asked for.
 */
#include <stdarg.h>

#include "tests/support/process.h"

static struct weft_mutex lock = WEFT_MUTEX_INIT;
static char story[4096]; /* under lock */
static char name_a[] = "a", name_b[] = "b", name_c[] = "c", name_d[] = "d", name_t[] = "t";

/* Whatever its thread has been told by then. */
static void write_down(const char *format, ...)
{
	va_list list;
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_mutex_lock(&lock), 0);
	size_t n = strlen(story);
	va_start(list, format);
	vsnprintf(story + n, sizeof story - n, format, list);
	va_end(list);
	check_eq(weft_mutex_unlock(&lock), 0);
	check_eq(weft_cancel_unmask(), 0);
}

static bool has_come(const char *words)
{
	check_eq(weft_mutex_lock(&lock), 0);
	bool come = strstr(story, words) != NULL;
	check_eq(weft_mutex_unlock(&lock), 0);
	return come;
}

static void tell(void *context, const struct weft_child *child, weft_t thread, const struct weft_status *status)
{
	(void)context;
	check(thread != WEFT_NONE);
	write_down("%c%s ", status ? '-' : '+', child->name);
}

/* When nobody writes any more. */
static void ck_story(const char *expected)
{
	ck_assert_str_eq(story, expected);
	story[0] = 0;
}

/* --- children --- */

/* Lives until it is stopped. */
static void *serve(void *arg)
{
	check_eq(weft_sleep(WEFT_S(1000)), -ECANCELED);
	write_down("(%s) ", (const char *)arg);
	return NULL;
}

static shared lives[4]; /* how often a child that fails is still to */

static void *fail_some(void *arg)
{
	uintptr_t i = (uintptr_t)arg;
	weft_sleep(WEFT_MS(2));
	if (get(lives[i]) == 0)
		return serve(i == 0 ? name_a : i == 1 ? name_b : name_c);
	add(lives[i], -1);
	return (void *)1;
}

static void *fail_always(void *arg)
{
	(void)arg;
	return (void *)1;
}

static void *end_well(void *arg)
{
	(void)arg;
	return NULL;
}

/* --- a supervisor in a thread of its own --- */

struct run {
	struct weft_supervisor how;
	struct weft_child *children;
	size_t count;
};

static void *supervise(void *arg)
{
	struct run *r = arg;
	r->how.ended = tell;
	return (void *)(intptr_t)weft_supervise(&r->how, r->children, r->count);
}

static int run_and_cancel(struct run *r, const char *awaited)
{
	weft_t thread = spawn(WEFT_GREEN, supervise, r);
	wait_until(has_come(awaited));
	check_eq(weft_cancel(thread), 0);
	return (int)(intptr_t)join(thread);
}

#define RUN(...)                                                                                                       \
	struct weft_child children[] = { __VA_ARGS__ };                                                                \
	struct run r = { .children = children, .count = sizeof children / sizeof children[0] }

static void *in_order(void *arg)
{
	RUN({ .name = "a", .fn = serve, .arg = name_a },
	    { .name = "b", .attr = WEFT_BOUND, .fn = serve, .arg = name_b },
	    { .name = "c", .fn = serve, .arg = name_c });
	check_eq(run_and_cancel(&r, "+c"), -ECANCELED);
	ck_story("+a +b +c (c) (b) (a) ");
	return arg;
}

static void *one_for_one(void *arg)
{
	RUN({ .name = "a", .fn = serve, .arg = name_a }, { .name = "b", .fn = fail_some, .arg = (void *)1 },
	    { .name = "c", .fn = serve, .arg = name_c });
	set(lives[1], 2);
	check_eq(run_and_cancel(&r, "-b +b -b +b "), -ECANCELED);
	ck_story("+a +b +c -b +b -b +b (c) (b) (a) ");
	return arg;
}

static void *one_for_all(void *arg)
{
	RUN({ .name = "a", .fn = serve, .arg = name_a }, { .name = "b", .fn = fail_some, .arg = (void *)1 },
	    { .name = "t", .fn = serve, .arg = name_t, .restart = WEFT_TEMPORARY },
	    { .name = "c", .fn = serve, .arg = name_c });
	r.how.strategy = WEFT_ONE_FOR_ALL;
	set(lives[1], 1);
	check_eq(run_and_cancel(&r, "-b (c) (t) (a) +a +b +c"), -ECANCELED);
	ck_story("+a +b +t +c -b (c) (t) (a) +a +b +c (c) (b) (a) ");
	return arg;
}

static void *rest_for_one(void *arg)
{
	RUN({ .name = "a", .fn = serve, .arg = name_a }, { .name = "b", .fn = fail_some, .arg = (void *)1 },
	    { .name = "c", .fn = serve, .arg = name_c }, { .name = "d", .fn = serve, .arg = name_d });
	r.how.strategy = WEFT_REST_FOR_ONE;
	set(lives[1], 1);
	check_eq(run_and_cancel(&r, "-b (d) (c) +b +c +d"), -ECANCELED);
	ck_story("+a +b +c +d -b (d) (c) +b +c +d (d) (c) (b) (a) ");
	return arg;
}

/* One child. */
static void ends(void *(*fn)(void *), enum weft_restart restart, int expected, const char *as)
{
	RUN({ .name = "a", .fn = fn, .restart = restart });
	r.how.restarts = 2;
	check_eq((intptr_t)supervise(&r), expected);
	ck_story(as);
}

static void *policies(void *arg)
{
	ends(end_well, WEFT_TRANSIENT, 0, "+a -a ");
	ends(end_well, WEFT_TEMPORARY, 0, "+a -a ");
	ends(fail_always, WEFT_TEMPORARY, 0, "+a -a ");
	ends(end_well, WEFT_PERMANENT, -ENOTRECOVERABLE, "+a -a +a -a +a -a ");
	ends(fail_always, WEFT_TRANSIENT, -ENOTRECOVERABLE, "+a -a +a -a +a -a ");
	return arg;
}

/* More than so many in so long: it gives up, and stops the others. */
static void *limit(void *arg)
{
	RUN({ .name = "a", .fn = serve, .arg = name_a }, { .name = "b", .fn = fail_always });
	check((int)(intptr_t)supervise(&r) == -ENOTRECOVERABLE);
	ck_story("+a +b -b +b -b +b -b +b -b (a) ");

	/* Slower than the limit, it goes on. */
	struct weft_child slow[] = { { .name = "a", .fn = fail_some, .arg = (void *)0 } };
	struct run s = { .how = { .restarts = 1, .period = WEFT_US(500) }, .children = slow, .count = 1 };
	set(lives[0], 20);
	weft_t thread = spawn(WEFT_GREEN, supervise, &s);
	wait_until(get(lives[0]) == 0);
	check_eq(weft_cancel(thread), 0);
	check((int)(intptr_t)join(thread) == -ECANCELED);
	story[0] = 0;
	return arg;
}

static void *back_off(void *arg)
{
	RUN({ .name = "a", .fn = fail_always });
	r.how = (struct weft_supervisor){ .restarts = 5, .pause = WEFT_MS(5), .pause_most = WEFT_MS(10) };
	uint64_t begin = weft_now();
	check((int)(intptr_t)supervise(&r) == -ENOTRECOVERABLE);
	uint64_t took = weft_now() - begin; /* 0 + 5 + 10 + 10 + 10 */
	check(took >= WEFT_MS(35));
	check(took < WEFT_S(30));
	ck_story("+a -a +a -a +a -a +a -a +a -a +a -a ");
	r.how = (struct weft_supervisor){ .pause = WEFT_S(1000) }; /* canceled while it waits to restart */
	check_eq(run_and_cancel(&r, "-a +a -a "), -ECANCELED);
	ck_story("+a -a +a -a ");
	return arg;
}

/* The inner supervisor gives up, and is restarted itself, and so does the outer one in the end. */
static void *inner(void *arg)
{
	static struct weft_child bad[] = { { .name = "x", .fn = fail_always } };
	const struct weft_supervisor how = { .restarts = 1, .ended = tell };
	(void)arg;
	return (void *)(intptr_t)weft_supervise(&how, bad, 1);
}

static void *escalate(void *arg)
{
	RUN({ .name = "a", .fn = serve, .arg = name_a }, { .name = "i", .fn = inner });
	r.how.restarts = 1;
	check((int)(intptr_t)supervise(&r) == -ENOTRECOVERABLE);
	int n = 0;
	for (const char *at = story; (at = strstr(at, "+x")); at++)
		n++;
	check_eq(n, 4);
	check(has_come("(a) "));
	story[0] = 0;
	return arg;
}

static void *misuse(void *arg)
{
	struct weft_child c[] = { { .fn = NULL } };
	struct weft_supervisor how = { .strategy = (enum weft_strategy)3 };
	check_eq(weft_supervise(NULL, c, 1), -EINVAL);
	c[0].fn = end_well;
	check_eq(weft_supervise(&how, c, 1), -EINVAL);
	c[0].restart = (enum weft_restart)3;
	check_eq(weft_supervise(NULL, c, 1), -EINVAL);
	check_eq(weft_supervise(NULL, NULL, 1), -EINVAL);
	check_eq(weft_supervise(NULL, NULL, 0), 0);
	c[0] = (struct weft_child){ .fn = end_well, .attr = WEFT_PROCESS };
	check_eq(weft_supervise(NULL, c, 1), -ENOTSUP); /* it cannot even be started once */
	return arg;
}

static void *on_all(void *arg)
{
	in_order(arg);
	one_for_one(arg);
	one_for_all(arg);
	rest_for_one(arg);
	policies(arg);
	limit(arg);
	back_off(arg);
	escalate(arg);
	misuse(arg);
	return arg;
}

static void *twice(void *arg)
{
	on_all(arg);
	return join(spawn(WEFT_BOUND, on_all, arg));
}

START_TEST(threads)
{
	run(twice, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { threads, NULL };
	return run_tests("system/supervise", tests);
}
