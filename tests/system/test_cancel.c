/* SPDX-License-Identifier: MIT */
/*
 * Cancellation of each call that waits: by threads of each kind, canceled before it, in it, against its completion, and while
 * masked. A call that was canceled has got nothing and has lost nothing: made again once what it waits for is there, it gets it.
 */
#include "tests/support/calls.h"

/* Canceled and not masked, for good: each call that would have to wait says so, and no other. */
static void check_canceled(void)
{
	struct weft_sem none = WEFT_SEM_INIT(0);
	check_eq(weft_testcancel(), -ECANCELED);
	for (int i = 0; i < 2; i++) {
		check_eq(weft_sleep(LONG), -ECANCELED);
		check_eq(weft_sem_acquire(&none), -ECANCELED);
		check_eq(weft_sem_acquire_timeout(&none, LONG), -ECANCELED);
		check_eq(weft_sem_acquire_timeout(&none, 0), -ETIMEDOUT);
	}
	check_eq(weft_sem_release(&none, 1), 0);
	check_eq(weft_sem_acquire(&none), 0);
}

static void *be_canceled(void *arg)
{
	struct place *p = arg;
	if (p->moment == BEFORE)
		check_eq(weft_cancel(weft_self()), 0);
	if (p->moment == MASKED)
		check_eq(weft_cancel_mask(), 0);
	set(p->ready, 1);
	int err = p->call->wait(p);
	set(p->first, (uint64_t)(err + 1000));
	while (!get(p->canceled) || !get(p->completed)) {
		weft_yield();
		sched_yield(); /* the CPU may be what they wait for */
	}
	while (err && p->call->again) {
		check(err == -ECANCELED || err == -ETIMEDOUT);
		weft_yield();
		err = p->call->wait(p);
	}
	if (!err)
		p->call->got(p);
	if (p->moment == MASKED) {
		check_eq(weft_testcancel(), 0);
		check_eq(weft_sleep(WEFT_US(10)), 0);
		check_eq(weft_cancel_unmask(), 0);
	}
	check_canceled();
	return p;
}

static void *cancel_victim(void *arg)
{
	struct place *p = arg;
	check_eq(weft_cancel(p->victim), 0);
	set(p->canceled, 1);
	return NULL;
}

static void complete(struct place *p)
{
	p->call->complete(p);
	set(p->completed, 1);
}

/* At about the same time, by about the same right; the one who cancels is green or outside. */
static void race(struct place *p, struct member *m)
{
	uint64_t until = weft_now() + pick(m, 20000);
	bool first = pick(m, 2);
	while (weft_now() < until)
		weft__cpu_relax();
	if (first)
		complete(p);
	if (pick(m, 2))
		cancel_victim(p);
	else
		check_eq(weft_spawn(NULL, WEFT_GREEN, cancel_victim, p), 0);
	if (!first)
		complete(p);
}

static int first_result(struct place *p)
{
	wait_until(get(p->first));
	return (int)get(p->first) - 1000;
}

static void drive(struct place *p, struct member *m)
{
	int err;
	wait_until(get(p->ready));
	if (p->moment == RACING) {
		race(p, m);
		err = first_result(p);
		check(err == 0 || err == -ECANCELED || err == -ETIMEDOUT);
		return;
	}
	if (p->moment == WAITING)
		weft_sleep(pick(m, 2) ? WEFT_MS(1) : 0);
	cancel_victim(p);
	if (p->moment == MASKED) {
		complete(p);
		check_eq(first_result(p), 0);
	} else {
		check_eq(first_result(p), -ECANCELED);
		complete(p);
	}
}

static uint64_t limit_of(const struct call *call, enum moment moment, struct member *m)
{
	if (!call->again && (moment == MASKED || moment == RACING))
		return pick(m, 100000);
	if (moment == RACING && pick(m, 2))
		return pick(m, 100000);
	return pick(m, 2) ? WEFT_FOREVER : LONG;
}

static void one_round(const struct call *call, enum moment moment, unsigned kind, struct member *m)
{
	struct weft_attr attr;
	struct place p = {
		.call = call, .moment = moment, .limit = limit_of(call, moment, m), .barrier = WEFT_BARRIER_INIT(2)
	};
	call->prepare(&p);
	check_eq(weft_spawn(&p.victim, attr_of(kind, &attr), be_canceled, &p), 0);
	drive(&p, m);
	check_eq((intptr_t)join(p.victim), (intptr_t)&p);
	check_eq(weft_cancel(p.victim), -ESRCH);
}

static void each_call(enum moment moment, int n)
{
	struct member m = { .random = new_seed() };
	start();
	for (int i = 0; i < n; i++)
		for (unsigned c = 0; c < CALLS; c++)
			for (unsigned kind = 0; kind < 4; kind++)
				one_round(&calls[c], moment, kind, &m);
	stop();
}

START_TEST(before)
{
	each_call(BEFORE, 5);
}
END_TEST

START_TEST(waiting)
{
	each_call(WAITING, 10);
}
END_TEST

START_TEST(racing)
{
	each_call(RACING, rounds(100));
}
END_TEST

START_TEST(masked)
{
	each_call(MASKED, 5);
}
END_TEST

/* A writer that gives up lets those in who waited behind it, while a reader before it stays. */
static void *write_in_vain(void *arg)
{
	struct place *p = arg;
	set(p->ready, 1);
	check_eq(weft_rwlock_wrlock(&p->rwlock), -ECANCELED);
	return NULL;
}

static void *read_behind(void *arg)
{
	struct place *p = arg;
	check_eq(weft_rwlock_rdlock(&p->rwlock), 0);
	set(p->completed, 1);
	unlock_rwlock(p);
	return NULL;
}

START_TEST(writer_gives_up)
{
	start();
	for (int i = 0; i < 20; i++) {
		struct place p = { .limit = 0 };
		read_rwlock(&p);
		p.victim = spawn(i % 2 ? WEFT_GREEN : WEFT_BOUND, write_in_vain, &p);
		wait_until(get(p.ready));
		while (weft_rwlock_rdlock_timeout(&p.rwlock, 0) == 0)
			unlock_rwlock(&p); /* until the writer waits */
		weft_t reader = spawn(WEFT_GREEN, read_behind, &p);
		weft_sleep(WEFT_US(200));
		check_eq(get(p.completed), 0);
		check_eq(weft_cancel(p.victim), 0);
		wait_until(get(p.completed));
		join(reader);
		join(p.victim);
		unlock_rwlock(&p);
	}
	stop();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { before, waiting, racing, masked, writer_gives_up, NULL };
	return run_tests("system/cancel", tests);
}
