/* SPDX-License-Identifier: MIT */
/* Scopes: closing waits for all, failure, deadlines and cancellation reach all that is covered and nothing else. */
#include "src/base/random.h"
#include "tests/support/child.h"
#include "tests/support/crew.h"

#define LONG WEFT_S(100)

static shared ended, counted;
static struct weft_sem never = WEFT_SEM_INIT(0);

static int count_one(void *arg)
{
	add(ended, 1);
	return (int)(intptr_t)arg;
}

static int count_late(void *arg)
{
	check_eq(weft_sleep(WEFT_US(200)), 0);
	return count_one(arg);
}

/* Waits until it is canceled. */
static int wait_for_cancel(void *arg)
{
	int err;
	switch ((uintptr_t)arg % 4) {
	case 0:
		err = weft_sleep(LONG);
		break;
	case 1:
		err = weft_sem_acquire(&never);
		break;
	case 2:
		err = weft_park();
		break;
	default:
		err = weft_sem_acquire_timeout(&never, LONG);
	}
	check_eq(err, -ECANCELED);
	check_eq(weft_testcancel(), -ECANCELED);
	add(ended, 1);
	return err;
}

/* Green, queued, pinned, bound. */
static const struct weft_attr *attr_of(unsigned kind, struct weft_attr *attr)
{
	*attr = (struct weft_attr)WEFT_ATTR_INIT;
	if (kind == 1)
		weft_attr_set_queued(attr, true);
	if (kind == 2)
		weft_attr_set_worker(attr, 0);
	return kind == 0 ? WEFT_GREEN : kind == 3 ? WEFT_BOUND : attr;
}

static int scope_spawn(struct weft_scope *s, unsigned kind, int (*fn)(void *), void *arg)
{
	struct weft_attr attr;
	return weft_scope_spawn(s, attr_of(kind, &attr), fn, arg);
}

/* What each kind of thread, outsiders too, runs as an opener. */
static void by_each_kind(void *(*fn)(void *))
{
	struct weft_attr attr;
	start();
	for (unsigned kind = 0; kind < 4; kind++) {
		weft_t thread = spawn(attr_of(kind, &attr), fn, NULL);
		join(thread);
	}
	fn(NULL);
	stop();
}

static void *waits_for_all(void *arg)
{
	for (int round = 0; round < 20; round++)
		for (unsigned n = 0; n < 40; n += 13) {
			struct weft_scope s;
			set(ended, 0);
			check_eq(weft_scope_open(&s, round % 2 ? WEFT_SCOPE_FAIL_FAST : 0), 0);
			for (unsigned i = 0; i < n; i++)
				check_eq(scope_spawn(&s, i % 4, i % 3 ? count_one : count_late, NULL), 0);
			check_eq(weft_scope_close(&s), 0);
			check_eq(get(ended), n);
			check_eq(weft_scope_close(&s), -EPERM);
			check_eq(weft_scope_set_timeout(&s, 1), -EPERM);
		}
	return arg;
}

START_TEST(waits)
{
	by_each_kind(waits_for_all);
}
END_TEST

static void *refusals(void *arg)
{
	struct weft_scope s;
	check_eq(weft_scope_open(&s, 2), -EINVAL);
	check_eq(weft_scope_open(&s, 0), 0);
	check_eq(weft_scope_spawn(&s, NULL, NULL, NULL), -EINVAL);
	check_eq(weft_scope_cancel(&s), 0);
	check_eq(weft_scope_spawn(&s, NULL, count_one, NULL), -ECANCELED);
	check_eq(weft_scope_spawn(&s, WEFT_BOUND, count_one, NULL), -ECANCELED);
	check_eq(weft_scope_cancel(&s), 0);
	check_eq(weft_scope_close(&s), -ECANCELED);
	check_eq(weft_testcancel(), 0);
	check_eq(weft_sleep(WEFT_US(10)), 0);
	return arg;
}

START_TEST(refuses)
{
	by_each_kind(refusals);
}
END_TEST

static void *not_mine(void *scope)
{
	check_eq(weft_scope_close(scope), -EPERM);
	check_eq(weft_scope_set_deadline(scope, 1), -EPERM);
	check_eq(weft_scope_set_timeout(scope, 1), -EPERM);
	return NULL;
}

static int child_not_mine(void *scope)
{
	not_mine(scope);
	return 0;
}

static void *has_owner(void *arg)
{
	struct weft_scope s;
	check_eq(weft_scope_open(&s, 0), 0);
	check_eq(weft_scope_spawn(&s, WEFT_GREEN, child_not_mine, &s), 0);
	check_eq(weft_scope_spawn(&s, WEFT_BOUND, child_not_mine, &s), 0);
	join(spawn(WEFT_GREEN, not_mine, &s));
	check_eq(pthread_join(outsider(not_mine, &s), NULL), 0);
	check_eq(weft_scope_close(&s), 0);
	return arg;
}

START_TEST(owner)
{
	by_each_kind(has_owner);
}
END_TEST

/* --- failure --- */

static int fail_with(void *arg)
{
	return (int)(intptr_t)arg;
}

static int exit_with(void *arg)
{
	weft_exit(arg);
}

static void *failures(void *arg)
{
	struct weft_scope s;
	for (unsigned kind = 0; kind < 4; kind++) {
		for (unsigned way = 0; way < 2; way++) {
			int (*fn)(void *) = way ? exit_with : fail_with;
			check_eq(weft_scope_open(&s, 0), 0);
			check_eq(scope_spawn(&s, kind, fn, (void *)(intptr_t)5), 0); /* no failure */
			check_eq(scope_spawn(&s, kind, fn, (void *)(intptr_t)-EDOM), 0);
			check_eq(weft_sleep(WEFT_MS(1)), 0); /* not fail-fast: we are not canceled */
			check_eq(weft_scope_spawn(&s, NULL, fn, (void *)(intptr_t)-EIO), 0);
			int err = weft_scope_close(&s);
			check(err == -EDOM || (kind && err == -EIO));

			check_eq(weft_scope_open(&s, WEFT_SCOPE_FAIL_FAST), 0);
			set(ended, 0);
			for (unsigned i = 0; i < 8; i++)
				check_eq(scope_spawn(&s, i, wait_for_cancel, (void *)(uintptr_t)(i / 2)), 0);
			check_eq(scope_spawn(&s, kind, fn, (void *)(intptr_t)-EDOM), 0);
			check_eq(weft_sleep(LONG), -ECANCELED); /* its opener is in it */
			check_eq(weft_scope_close(&s), -EDOM);
			check_eq(get(ended), 8);
			check_eq(weft_sleep(1), 0);
		}
	}
	return arg;
}

START_TEST(fails_fast)
{
	struct weft_attr attr;
	start();
	for (unsigned kind = 0; kind < 4; kind++)
		join(spawn(attr_of(kind, &attr), failures, NULL));
	stop();
}
END_TEST

/* --- nesting --- */

struct level {
	struct weft_scope *root;
	unsigned depth;
	bool stays; /* the innermost waits for the cancel of the root */
};

static void check_spawned(int err, bool may_be_canceled)
{
	check(err == 0 || (may_be_canceled && err == -ECANCELED));
}

static int nest(void *arg)
{
	struct level *l = arg, inner = { l->root, l->depth - 1, l->stays };
	struct weft_scope s;
	if (l->depth == 0) {
		add(ended, 1);
		return l->stays ? wait_for_cancel(arg) : 0;
	}
	check_eq(weft_scope_open(&s, 0), 0);
	if (l->depth % 3 == 0)
		nest(&inner); /* scopes of the same thread */
	else
		check_spawned(scope_spawn(&s, l->depth % 8, nest, &inner), l->stays);
	int err = weft_scope_close(&s);
	check(err == 0 || (l->stays && err == -ECANCELED));
	return err;
}

static int nest_outer(void *arg)
{
	nest(arg);
	return 0;
}

static void *nested(void *arg)
{
	for (unsigned depth = 1; depth <= 50; depth += depth > 12 ? 19 : 1) {
		struct weft_scope s;
		struct level l = { &s, depth, false }, stays = { &s, depth, true };
		set(ended, 0);
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(weft_scope_spawn(&s, NULL, nest_outer, &l), 0);
		check_eq(weft_scope_close(&s), 0);
		check_eq(get(ended), 1);

		set(ended, 0);
		check_eq(weft_scope_open(&s, 0), 0);
		for (int i = 0; i < 3; i++)
			check_eq(weft_scope_spawn(&s, NULL, nest_outer, &stays), 0);
		bool all = depth % 2; /* else it is canceled while they nest */
		while (all && get(ended) < 3)
			weft_yield();
		check_eq(weft_scope_cancel(&s), 0);
		check_eq(weft_scope_close(&s), -ECANCELED);
		check(get(ended) == 6 || !all);
	}
	return arg;
}

START_TEST(nests)
{
	by_each_kind(nested);
}
END_TEST

/* Children that spawn siblings that spawn siblings. */
static int grow(void *arg)
{
	uintptr_t depth = (uintptr_t)arg & 15;
	struct weft_scope *s = (struct weft_scope *)((uintptr_t)arg & ~(uintptr_t)15);
	add(ended, 1);
	if (depth == 0)
		return 0;
	if (depth % 3 == 0)
		check_eq(weft_sleep(WEFT_US(50)), 0);
	for (unsigned i = 0; i < 2; i++)
		check_eq(scope_spawn(s, depth % 4 ? 0 : i, grow, (void *)((uintptr_t)s | (depth - 1))), 0);
	return 0;
}

static void *siblings(void *arg)
{
	for (int round = 0; round < 10; round++) {
		_Alignas(16) struct weft_scope s;
		set(ended, 0);
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(weft_scope_spawn(&s, NULL, grow, (void *)((uintptr_t)&s | 8)), 0);
		check_eq(weft_scope_close(&s), 0);
		check_eq(get(ended), 511);
	}
	return arg;
}

START_TEST(siblings_spawn)
{
	by_each_kind(siblings);
}
END_TEST

static void *many(void *arg)
{
	struct weft_scope s;
	uint64_t n = (uint64_t)rounds(100000);
	set(ended, 0);
	check_eq(weft_scope_open(&s, 0), 0);
	for (uint64_t i = 0; i < n; i++)
		check_eq(weft_scope_spawn(&s, NULL, i % 64 ? count_one : count_late, NULL), 0);
	check_eq(weft_scope_close(&s), 0);
	check_eq(get(ended), n);
	return arg;
}

START_TEST(many_children)
{
	by_each_kind(many);
}
END_TEST

/* --- deadlines --- */

static int sleep_and_tell(void *arg)
{
	(void)arg;
	int err = weft_sleep(LONG);
	check_eq(err, -ECANCELED);
	add(ended, 1);
	return 0;
}

static void *deadlines(void *arg)
{
	struct weft_scope outer, s;
	uint64_t begin = weft_now();
	bool covered = weft_self() != WEFT_NONE;
	/* its own, and one inherited that is sooner */
	for (int inherited = 0; inherited < 2; inherited++) {
		set(ended, 0);
		check_eq(weft_scope_open(&outer, 0), 0);
		check_eq(weft_scope_set_timeout(&outer, inherited ? WEFT_MS(3) : LONG), 0);
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(weft_scope_set_timeout(&s, inherited ? LONG : WEFT_MS(3)), 0);
		uint64_t made = 0;
		for (unsigned i = 0; i < 8; i++)
			made += scope_spawn(covered || !inherited ? &s : &outer, i,
					    i % 2 ? sleep_and_tell : wait_for_cancel, (void *)(uintptr_t)(i / 2)) == 0;
		if (covered)
			check_eq(weft_sem_acquire(&never), -ECANCELED);
		int err = weft_scope_close(&s);
		check(inherited ? err == 0 || err == -ECANCELED : err == -ETIMEDOUT);
		err = weft_scope_close(&outer);
		check_eq(err, inherited ? -ETIMEDOUT : 0);
		check_eq(get(ended), made); /* where all is slow it passes sooner */
		check(made > 0);
	}
	check(weft_now() - begin >= WEFT_MS(6));
	/* passed before; moved closer; taken away */
	for (int i = 0; covered && i < 4; i++) {
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(weft_scope_set_deadline(&s, i == 0 ? 0 : i == 1 ? weft_now() - 1 : weft_now() + LONG), 0);
		if (i == 2)
			check_eq(weft_scope_set_timeout(&s, 0), 0);
		if (i == 3)
			check_eq(weft_scope_set_deadline(&s, WEFT_FOREVER), 0);
		check_eq(weft_sem_acquire_timeout(&never, 0), -ETIMEDOUT); /* it does not wait */
		if (i < 3) {
			check_eq(weft_sem_acquire(&never), -ECANCELED);
			check_eq(weft_park(), -ECANCELED);
			check_eq(weft_testcancel(), -ECANCELED);
			check_eq(weft_scope_close(&s), -ETIMEDOUT);
		} else {
			check_eq(weft_sem_acquire_timeout(&never, WEFT_MS(1)), -ETIMEDOUT);
			check_eq(weft_scope_close(&s), 0);
		}
	}
	return arg;
}

START_TEST(deadline)
{
	by_each_kind(deadlines);
}
END_TEST

/* A pinned thread's yield is a wait of its own kind. */
static void *yields(void *arg)
{
	struct weft_scope s;
	check_eq(weft_scope_open(&s, 0), 0);
	check_eq(weft_scope_set_timeout(&s, WEFT_US(500)), 0);
	for (uint64_t end = weft_now() + WEFT_MS(3); weft_now() < end;)
		check_eq(weft_yield(), 0);
	check_eq(weft_scope_cancel(&s), 0);
	for (int i = 0; i < 100; i++)
		check_eq(weft_yield(), 0);
	check_eq(weft_testcancel(), weft_self() ? -ECANCELED : 0);
	check(weft_scope_close(&s) < 0);
	return arg;
}

START_TEST(yield)
{
	by_each_kind(yields);
}
END_TEST

/* --- cancellation --- */

static int cancel_it(void *scope)
{
	return weft_scope_cancel(scope);
}

static void *cancel_from_outside(void *scope)
{
	check_eq(weft_sleep(WEFT_MS(1)), 0);
	check_eq(weft_scope_cancel(scope), 0);
	return NULL;
}

static int masked_child(void *arg)
{
	struct weft_sem *gate = arg;
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_sem_acquire(gate), 0);
	check_eq(weft_sleep(WEFT_US(100)), 0);
	check_eq(weft_cancel_unmask(), 0);
	check_eq(weft_testcancel(), 0);
	check_eq(weft_cancel_unmask(), 0);
	check_eq(weft_cancel_unmask(), -EPERM);
	check_eq(weft_testcancel(), -ECANCELED);
	check_eq(weft_sem_acquire(&never), -ECANCELED);
	add(ended, 1);
	return 0;
}

static void *cancels(void *arg)
{
	for (unsigned by = 0; by < 4; by++) {
		struct weft_scope s;
		struct weft_sem gate = WEFT_SEM_INIT(0);
		pthread_t thread = 0;
		set(ended, 0);
		check_eq(weft_scope_open(&s, 0), 0);
		for (unsigned i = 0; i < 16; i++)
			check_eq(scope_spawn(&s, i, wait_for_cancel, (void *)(uintptr_t)(i / 4)), 0);
		for (unsigned i = 0; i < 4; i++)
			check_eq(scope_spawn(&s, i, masked_child, &gate), 0);
		if (by == 0)
			check_eq(weft_scope_cancel(&s), 0);
		if (by == 1)
			check_eq(weft_scope_spawn(&s, NULL, cancel_it, &s), 0);
		if (by == 2)
			check_eq(weft_scope_spawn(&s, WEFT_BOUND, cancel_it, &s), 0);
		if (by == 3)
			thread = outsider(cancel_from_outside, &s);
		wait_until(get(ended) == 16 || weft_testcancel());
		while (get(ended) < 16)
			weft_yield();
		check_eq(weft_sem_release(&gate, 4), 0);
		int err = weft_scope_close(&s);
		check_eq(err, -ECANCELED);
		check_eq(get(ended), 20);
		if (by == 3)
			check_eq(pthread_join(thread, NULL), 0);
	}
	return arg;
}

START_TEST(cancel)
{
	by_each_kind(cancels);
}
END_TEST

/* A thread of its own is not covered, and a cancel of the opener alone does not reach the children nor cut closing short. */
static void *not_covered(void *arg)
{
	check_eq(weft_sleep(WEFT_MS(2)), 0);
	check_eq(weft_testcancel(), 0);
	return arg;
}

static void *opener_canceled(void *arg)
{
	struct weft_scope s;
	set(ended, 0);
	check_eq(weft_scope_open(&s, 0), 0);
	weft_t other = spawn(WEFT_GREEN, not_covered, NULL);
	for (unsigned i = 0; i < 8; i++)
		check_eq(scope_spawn(&s, i, count_late, NULL), 0);
	check_eq(weft_cancel(weft_self()), 0);
	check_eq(weft_testcancel(), -ECANCELED);
	check_eq(weft_scope_spawn(&s, NULL, count_late, NULL), 0); /* the scope is not */
	check_eq(weft_scope_close(&s), 0);
	check_eq(get(ended), 9);
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_join(other, NULL), 0);
	return arg;
}

START_TEST(opener_alone)
{
	struct weft_attr attr;
	start();
	for (unsigned kind = 0; kind < 4; kind++)
		join(spawn(attr_of(kind, &attr), opener_canceled, NULL));
	stop();
}
END_TEST

/* A child's handle, told by itself, is good for weft_cancel and weft_unpark, not to join or detach it. */
static void check_not_joined(weft_t child)
{
	int err = weft_join_timeout(child, NULL, 0);
	check(err == -EINVAL || err == -ESRCH);
	err = weft_detach(child);
	check(err == -EINVAL || err == -ESRCH);
}

static shared told;

static void *join_child(void *arg)
{
	weft_t child;
	while ((child = get(told)) == WEFT_NONE)
		weft__cpu_relax();
	check_not_joined(child);
	check_not_joined(child);
	return arg;
}

static int tell(void *arg)
{
	check_eq(weft_detach(weft_self()), -EINVAL);
	set(told, weft_self());
	for (unsigned n = (unsigned)(weft_now() % 128); n > 0; n--)
		weft__cpu_relax();
	return arg != NULL;
}

static void *tells(void *arg)
{
	for (int i = 0; i < rounds(3000); i++) {
		struct weft_scope s;
		set(told, WEFT_NONE);
		pthread_t thread = outsider(join_child, NULL);
		check_eq(weft_scope_open(&s, 0), 0);
		check_eq(scope_spawn(&s, (unsigned)i / 8 % 4, tell, NULL), 0);
		check_eq(weft_scope_close(&s), 0);
		check_eq(pthread_join(thread, NULL), 0);
		check_eq(weft_cancel(get(told)), -ESRCH);
	}
	return arg;
}

START_TEST(handle_of_a_child)
{
	run(tells, NULL);
}
END_TEST

/* Many scopes, each with children of which some wait and some end, canceled at any moment by anybody. */
struct storm {
	struct member m;
	shared scope; /* that of the opener, while a lock is held */
	struct weft_mutex lock;
};

static int drift(void *arg)
{
	struct storm *st = arg;
	uint64_t seed = weft_now() | 1;
	add(counted, 1);
	for (int i = (int)(weft__random_next(&seed) >> 62); i > 0; i--) {
		int err = weft_sleep(weft__random_next(&seed) >> 47);
		check(err == 0 || err == -ECANCELED);
		if (!err && (err = weft_mutex_lock(&st->lock)) == 0)
			check_eq(weft_mutex_unlock(&st->lock), 0);
		check(err == 0 || err == -ECANCELED);
	}
	add(ended, 1);
	return 0;
}

static void *canceller(void *arg)
{
	struct storm *st = arg;
	for (uint64_t s = 0; s != 1;) {
		check_eq(weft_mutex_lock(&st->lock), 0);
		s = get(st->scope);
		if (s > 1)
			check_eq(weft_scope_cancel((struct weft_scope *)(uintptr_t)s), 0);
		check_eq(weft_mutex_unlock(&st->lock), 0);
		for (uint32_t n = pick(&st->m, 4000); n > 0; n--)
			weft__cpu_relax();
		if (pick(&st->m, 64) == 0)
			weft_sleep(WEFT_US(50));
	}
	return NULL;
}

static void publish(struct storm *st, uint64_t scope)
{
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_mutex_lock(&st->lock), 0);
	set(st->scope, scope);
	check_eq(weft_mutex_unlock(&st->lock), 0);
	check_eq(weft_cancel_unmask(), 0);
}

static void *storms(void *arg)
{
	struct storm *st = arg;
	uint64_t canceled = 0, made = 0;
	set(ended, 0);
	set(counted, 0);
	pthread_t thread = outsider(canceller, st);
	for (int i = 0; i < rounds(1000); i++) {
		struct weft_scope s;
		check_eq(weft_scope_open(&s, i % 2 ? WEFT_SCOPE_FAIL_FAST : 0), 0);
		if (i % 4 == 3)
			check_eq(weft_scope_set_timeout(&s, WEFT_US(100)), 0);
		publish(st, (uintptr_t)&s);
		for (unsigned k = 0; k < 10; k++) {
			int err = scope_spawn(&s, k % 7 == 6 && i % 8 == 0 ? 3 : k % 3, drift, st);
			check(err == 0 || err == -ECANCELED);
			made += !err;
		}
		publish(st, 0);
		int err = weft_scope_close(&s);
		check(err == 0 || err == -ECANCELED || err == -ETIMEDOUT);
		canceled += err != 0;
		check_eq(get(ended), made);
		check_eq(get(counted), made);
		check_eq(weft_testcancel(), 0);
	}
	publish(st, 1);
	check_eq(pthread_join(thread, NULL), 0);
	printf("%llu canceled\n", (unsigned long long)canceled);
	return NULL;
}

START_TEST(storm)
{
	struct storm st = { .m = { .random = new_seed() } };
	run(storms, &st);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { waits,	       refuses,		  owner,    fails_fast, nests,
				       siblings_spawn, many_children,	  deadline, yield,	cancel,
				       opener_alone,   handle_of_a_child, storm,    NULL };
	return run_tests("system/scope", tests);
}
