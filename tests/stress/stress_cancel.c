/* SPDX-License-Identifier: MIT */
/*
 * Random programs over everything that waits, with cancels, time limits, deadlines and canceled scopes at any moment.
 *
 * A few roots, of all kinds of threads, each run random trees of nested scopes, whose children wait for shared objects, or
 * for each other. Others cancel: a child by the handle it told (stale as a rule), the scope by its opener, a child, or
 * its deadline. The objects are shared by all, so who is canceled stands between others who are not.
 *
 * Invariants: one holder of the mutex, writers alone; units of the semaphore are conserved; the events of a program that is
 * canceled end it (the watchdog); no child outlives its scope; who is neither canceled nor in a scope is never told so; a
 * wait ends by what it asked for, its limit or a cancel that took place.
 *
 * Default: about a second for each number of workers. Long target: WEFT_STRESS=300.
 */
#include "stress.h"

enum { ROOTS = 9, HANDLES = 64, UNITS = 3, DEPTH = 4 };

static struct weft_mutex mutex;
static struct weft_rwlock rwlock;
static struct weft_cond cond;
static struct weft_sem units, never;
static struct weft_barrier pair;
static struct weft_event event;
static shared inside, readers, writers, held, alive, waits, canceled;
static shared handles[HANDLES];
static uint64_t end;

/* A scope as its children see it. */
struct block {
	struct weft_scope scope;
	unsigned depth;
	bool doomed; /* it will be canceled: who waits for ever in there does not */
	shared children, open;
};

struct child {
	struct block *block;
	uint64_t seed;
};

static uint64_t limit(uint64_t *seed)
{
	return pick_of(seed, 3) ? pick_of(seed, 300000) : WEFT_MS(5);
}

/* Whether the caller goes on having what it asked for. `sure`: nobody cancels the caller. */
static bool got(int err, bool sure)
{
	add(waits, 1);
	if (err == -ECANCELED) {
		must(!sure);
		add(canceled, 1);
		must_eq(weft_testcancel(), -ECANCELED); /* it stays so */
	} else if (err != 0) {
		must_eq(err, -ETIMEDOUT);
	}
	return err == 0;
}

static void dawdle(uint64_t *seed)
{
	if (pick_of(seed, 2))
		weft_yield();
	else
		spin_for(pick_of(seed, 2000));
}

static void use_mutex(uint64_t *seed, bool sure)
{
	int err = pick_of(seed, 2) ? weft_mutex_lock(&mutex) : weft_mutex_lock_timeout(&mutex, limit(seed));
	if (!got(err, sure))
		return;
	must_eq(add(inside, 1), 0);
	dawdle(seed);
	if (pick_of(seed, 4) == 0) {
		must_eq(add(inside, -1), 1);
		got(weft_cond_wait_timeout(&cond, &mutex, limit(seed)), sure);
		must_eq(add(inside, 1), 0); /* it is held again */
	}
	must_eq(add(inside, -1), 1);
	if (pick_of(seed, 2))
		must_eq(weft_cond_signal(&cond), 0);
	must_eq(weft_mutex_unlock(&mutex), 0);
}

static void use_rwlock(uint64_t *seed, bool sure)
{
	bool writes = pick_of(seed, 3) == 0, timed = pick_of(seed, 2);
	int err = writes ? (timed ? weft_rwlock_wrlock_timeout(&rwlock, limit(seed)) : weft_rwlock_wrlock(&rwlock))
			 : (timed ? weft_rwlock_rdlock_timeout(&rwlock, limit(seed)) : weft_rwlock_rdlock(&rwlock));
	if (!got(err, sure))
		return;
	if (writes)
		must_eq(add(writers, 1) + get(readers), 0);
	else
		add(readers, 1);
	must(writes || get(writers) == 0);
	dawdle(seed);
	add(*(writes ? &writers : &readers), -1);
	must_eq(weft_rwlock_unlock(&rwlock), 0);
}

static void use_unit(uint64_t *seed, bool sure)
{
	int err = pick_of(seed, 2) ? weft_sem_acquire(&units) : weft_sem_acquire_timeout(&units, limit(seed));
	if (!got(err, sure))
		return;
	must(add(held, 1) < UNITS);
	dawdle(seed);
	add(held, -1);
	must_eq(weft_sem_release(&units, 1), 0);
}

static void *die_soon(void *arg)
{
	weft_sleep((uintptr_t)arg);
	return arg;
}

static void join_one(uint64_t *seed, bool sure)
{
	void *arg = (void *)(uintptr_t)pick_of(seed, 100000), *result = NULL;
	weft_t thread = spawn(pick_of(seed, 32) ? WEFT_GREEN : WEFT_BOUND, die_soon, arg);
	set(handles[pick_of(seed, HANDLES)], thread); /* it may be canceled, too */
	int err = pick_of(seed, 2) ? weft_join(thread, &result) : weft_join_timeout(thread, &result, limit(seed));
	if (got(err, sure))
		must(result == arg);
	else
		must_eq(weft_detach(thread), 0);
}

static void meet(uint64_t *seed, bool sure)
{
	int err = weft_barrier_wait_timeout(&pair, limit(seed));
	got(err == 1 ? 0 : err, sure);
}

static void wait_event(uint64_t *seed, bool sure)
{
	if (pick_of(seed, 2))
		must_eq(pick_of(seed, 2) ? weft_event_set(&event) : weft_event_reset(&event), 0);
	else
		got(weft_event_wait_timeout(&event, limit(seed)), sure);
}

static void wait_somehow(uint64_t *seed, bool sure)
{
	switch (pick_of(seed, 8)) {
	case 0:
		use_mutex(seed, sure);
		break;
	case 1:
		use_rwlock(seed, sure);
		break;
	case 2:
		use_unit(seed, sure);
		break;
	case 3:
		join_one(seed, sure);
		break;
	case 4:
		meet(seed, sure);
		break;
	case 5:
		wait_event(seed, sure);
		break;
	case 6:
		got(weft_sleep(pick_of(seed, 200000)), sure);
		break;
	default:
		if (weft_self())
			got(weft_park_timeout(limit(seed)), sure);
	}
}

static void cancel_one(uint64_t *seed)
{
	weft_t thread = get(handles[pick_of(seed, HANDLES)]);
	int err = weft_cancel(thread);
	must(err == 0 || err == -ESRCH);
}

static void run_block(uint64_t *seed, unsigned depth);

static void wait_masked(uint64_t *seed)
{
	must_eq(weft_cancel_mask(), 0);
	wait_somehow(seed, true);
	must_eq(weft_testcancel(), 0);
	must_eq(weft_cancel_unmask(), 0);
}

static void live(struct block *b, uint64_t *seed)
{
	if (pick_of(seed, 2))
		set(handles[pick_of(seed, HANDLES)], weft_self());
	for (unsigned n = pick_of(seed, 4); n > 0; n--)
		if (pick_of(seed, 4))
			wait_somehow(seed, false);
		else
			wait_masked(seed);
	if (b->depth > 0 && pick_of(seed, 3) == 0)
		run_block(seed, b->depth - 1);
	if (pick_of(seed, 4) == 0)
		cancel_one(seed);
	if (pick_of(seed, 16) == 0)
		must_eq(weft_scope_cancel(&b->scope), 0);
	if (b->doomed && pick_of(seed, 3) == 0)
		must_eq(pick_of(seed, 2) ? weft_sem_acquire(&never) : weft_sleep(WEFT_FOREVER), -ECANCELED);
}

static int child(void *arg);

static int spawn_child(struct block *b, uint64_t *seed)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	struct child *c = malloc(sizeof *c);
	unsigned kind = pick_of(seed, 32);
	must(c != NULL);
	*c = (struct child){ b, (uint64_t)pick_of(seed, UINT32_MAX) << 8 | 1 };
	if (kind == 1)
		must_eq(weft_attr_set_worker(&attr, pick_of(seed, stress.workers)), 0);
	if (kind == 2 || kind == 3)
		must_eq(weft_attr_set_queued(&attr, true), 0);
	int err = weft_scope_spawn(&b->scope, kind == 0 ? WEFT_BOUND : kind < 4 ? &attr : WEFT_GREEN, child, c);
	if (err) {
		must_eq(err, -ECANCELED);
		free(c);
	}
	return err;
}

static int child(void *arg)
{
	struct child c = *(struct child *)arg;
	free(arg);
	must(get(c.block->open));
	add(c.block->children, 1);
	add(alive, 1);
	if (pick_of(&c.seed, 8) == 0)
		spawn_child(c.block, &c.seed); /* a sibling */
	live(c.block, &c.seed);
	progress();
	add(alive, -1);
	add(c.block->children, -1);
	int err = pick_of(&c.seed, 8) ? 0 : -EDOM;
	if (pick_of(&c.seed, 8) == 0)
		weft_exit((void *)(intptr_t)err);
	return err;
}

/* By its opener, for whom only its own scopes count if it is no thread of weft's. */
static void run_block(uint64_t *seed, unsigned depth)
{
	struct block b = { .depth = depth, .doomed = pick_of(seed, 3) == 0 };
	bool covered = weft_self() != WEFT_NONE;
	must_eq(weft_scope_open(&b.scope, pick_of(seed, 2) ? WEFT_SCOPE_FAIL_FAST : 0), 0);
	set(b.open, 1);
	bool timed = pick_of(seed, 3) == 0;
	if (timed)
		must_eq(weft_scope_set_timeout(&b.scope, pick_of(seed, 2000000)), 0);
	for (unsigned n = pick_of(seed, 8); n > 0; n--)
		spawn_child(&b, seed);
	wait_somehow(seed, !covered);
	if (b.doomed && !timed)
		must_eq(weft_scope_cancel(&b.scope), 0);
	int err = weft_scope_close(&b.scope);
	must(err == 0 || err == -ECANCELED || err == -ETIMEDOUT || err == -EDOM);
	must_eq(get(b.children), 0);
	memset(&b, 0xff, sizeof b);
	__asm__ volatile("" ::"r"(&b) : "memory");
}

static void *root(void *arg)
{
	uint64_t seed = *(uint64_t *)arg;
	while (weft_now() < end) {
		wait_somehow(&seed, true); /* nobody knows us */
		must_eq(weft_testcancel(), 0);
		run_block(&seed, DEPTH);
		cancel_one(&seed);
		progress();
	}
	return NULL;
}

static void check_all_is_back(void)
{
	must_eq(get(alive), 0);
	must_eq(get(inside) + get(readers) + get(writers) + get(held), 0);
	must_eq(weft_mutex_trylock(&mutex), 0);
	must_eq(weft_mutex_unlock(&mutex), 0);
	must_eq(weft_rwlock_wrlock_timeout(&rwlock, 0), 0);
	must_eq(weft_rwlock_unlock(&rwlock), 0);
	must_eq(weft_barrier_wait_timeout(&pair, 0), -ETIMEDOUT);
	for (int i = 0; i < UNITS; i++)
		must_eq(weft_sem_tryacquire(&units), 0);
	must_eq(weft_sem_tryacquire(&units), -EAGAIN);
}

static void phase(void)
{
	weft_t thread[ROOTS];
	pthread_t outside[ROOTS];
	uint64_t seed[ROOTS];
	units = (struct weft_sem)WEFT_SEM_INIT(UNITS);
	pair = (struct weft_barrier)WEFT_BARRIER_INIT(2);
	stress_start();
	end = phase_end(1000);
	for (int i = 0; i < ROOTS; i++) {
		seed[i] = seed_of((uint64_t)i);
		if (i % 3 == 2)
			outside[i] = outsider(root, &seed[i]);
		else
			thread[i] = spawn(i % 3 ? WEFT_BOUND : WEFT_GREEN, root, &seed[i]);
	}
	for (int i = 0; i < ROOTS; i++)
		if (i % 3 == 2)
			must_eq(pthread_join(outside[i], NULL), 0);
		else
			join(thread[i]);
	stress_stop();
	check_all_is_back();
	printf("stress_cancel: %llu waits, %llu canceled\n", (unsigned long long)take_all(waits),
	       (unsigned long long)take_all(canceled));
}

int main(void)
{
	return stress_main("stress_cancel", phase);
}
