/* SPDX-License-Identifier: MIT */
/* The condition variable: signals are not lost, whatever the kinds and the time limits; who may wait. */
#include "tests/support/crew.h"

static struct weft_mutex mutex = WEFT_MUTEX_INIT;
static struct weft_cond not_empty = WEFT_COND_INIT, not_full = WEFT_COND_INIT;

/* under mutex */
static uint64_t buffer[4], head, tail, producers, waiting, tokens, made, taken;
static bool go;

static void lock(void)
{
	check_eq(weft_mutex_lock(&mutex), 0);
}

static void unlock(void)
{
	check_eq(weft_mutex_unlock(&mutex), 0);
}

static int wait_somehow(struct member *m, struct weft_cond *cond)
{
	static const uint64_t limits[] = { 0, 1000, 100000, WEFT_FOREVER };
	uint32_t which = pick(m, 8);
	if (which >= sizeof limits / sizeof *limits)
		return weft_cond_wait(cond, &mutex);
	int err = weft_cond_wait_timeout(cond, &mutex, limits[which]);
	check(err == 0 || (err == -ETIMEDOUT && limits[which] != WEFT_FOREVER));
	return err;
}

static void produce(struct member *m)
{
	for (int i = 1; i <= rounds(1500); i++) {
		lock();
		while (head - tail == 4)
			wait_somehow(m, &not_full);
		buffer[head++ % 4] = (uint64_t)i;
		made += (uint64_t)i;
		check_eq(weft_cond_signal(&not_empty), 0);
		unlock();
	}
	lock();
	producers--;
	check_eq(weft_cond_broadcast(&not_empty), 0);
	unlock();
}

static void consume(struct member *m)
{
	lock();
	for (;;) {
		while (head == tail && producers)
			wait_somehow(m, &not_empty);
		if (head == tail)
			break;
		m->got += buffer[tail++ % 4];
		check_eq(weft_cond_signal(&not_full), 0);
		if (pick(m, 4) == 0) {
			unlock();
			lock();
		}
	}
	unlock();
}

static void *producer_or_consumer(void *arg)
{
	struct member *m = arg;
	if (m->index < 6)
		produce(m);
	else
		consume(m);
	return NULL;
}

START_TEST(producers_and_consumers)
{
	producers = 6;
	uint64_t got = crew_run(12, producer_or_consumer);
	ck_assert_uint_eq(got, made);
	ck_assert_uint_eq(head, tail);
}
END_TEST

/* A token for each signal: with a time limit that passes now and then, none may stay behind while somebody waits. */
static void *take_tokens(void *arg)
{
	struct member *m = arg;
	lock();
	while (taken < (uint64_t)rounds(3000)) {
		while (!tokens && taken < (uint64_t)rounds(3000)) {
			waiting++;
			int err = m->index < 6 ? weft_cond_wait(&not_empty, &mutex)
					       : weft_cond_wait_timeout(&not_empty, &mutex, pick(m, 200000));
			waiting--;
			check(err == 0 || err == -ETIMEDOUT);
		}
		if (tokens) {
			tokens--;
			m->got++;
			if (++taken == (uint64_t)rounds(3000))
				check_eq(weft_cond_broadcast(&not_empty), 0);
		}
	}
	unlock();
	return NULL;
}

START_TEST(timeouts_lose_no_signal)
{
	struct crew crew;
	start();
	crew_start(&crew, 12, new_seed(), take_tokens);
	for (int i = 0; i < rounds(3000); i++) {
		lock();
		tokens++;
		if (i & 1)
			check_eq(weft_cond_signal(&not_empty), 0);
		unlock();
		if (!(i & 1))
			check_eq(weft_cond_signal(&not_empty), 0); /* not holding it is allowed too */
	}
	ck_assert_uint_eq(crew_join(&crew), (uint64_t)rounds(3000));
	ck_assert_uint_eq(tokens + waiting, 0);
	stop();
}
END_TEST

static void *wait_for_go(void *arg)
{
	lock();
	waiting++;
	while (!go)
		check_eq(weft_cond_wait(&not_empty, &mutex), 0);
	waiting--;
	unlock();
	return arg;
}

START_TEST(broadcast_wakes_all)
{
	for (int i = 0; i < rounds(100); i++) {
		struct crew crew;
		start();
		go = false;
		crew_start(&crew, 9, 1, wait_for_go);
		for (bool all = false; !all; weft_sleep(0)) {
			lock();
			all = waiting == 9;
			unlock();
		}
		lock();
		go = true;
		check_eq(weft_cond_broadcast(&not_empty), 0);
		unlock();
		crew_join(&crew);
		ck_assert_uint_eq(waiting, 0);
		stop();
	}
}
END_TEST

static void *not_the_owner(void *arg)
{
	check_eq(weft_cond_wait(&not_empty, &mutex), -EPERM);
	check_eq(weft_cond_wait_timeout(&not_empty, &mutex, 0), -EPERM);
	return arg;
}

static void *alone(void *arg)
{
	struct weft_mutex recursive = WEFT_MUTEX_RECURSIVE_INIT;
	not_the_owner(NULL);
	lock();
	join(spawn(WEFT_GREEN, not_the_owner, NULL));
	join(spawn(WEFT_BOUND, not_the_owner, NULL));
	check_eq(pthread_join(outsider(not_the_owner, NULL), NULL), 0);
	check_eq(weft_cond_signal(&not_empty), 0); /* nobody: it is not kept */
	check_eq(weft_cond_wait_timeout(&not_empty, &mutex, 0), -ETIMEDOUT);
	uint64_t before = weft_now();
	check_eq(weft_cond_wait_timeout(&not_empty, &mutex, WEFT_MS(2)), -ETIMEDOUT);
	check(weft_now() - before >= WEFT_MS(2));
	unlock(); /* held again, both times */
	check_eq(weft_mutex_lock(&recursive), 0);
	check_eq(weft_cond_wait_timeout(&not_empty, &recursive, 0), -ETIMEDOUT);
	check_eq(weft_mutex_lock(&recursive), 0);
	check_eq(weft_cond_wait_timeout(&not_empty, &recursive, 0), -EPERM); /* held twice */
	check_eq(weft_mutex_unlock(&recursive), 0);
	check_eq(weft_mutex_unlock(&recursive), 0);
	return arg;
}

START_TEST(who_may_wait)
{
	start();
	alone(NULL);
	join(spawn(WEFT_GREEN, alone, NULL));
	join(spawn(WEFT_BOUND, alone, NULL));
	stop();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { producers_and_consumers, timeouts_lose_no_signal, broadcast_wakes_all,
				       who_may_wait, NULL };
	return run_tests("system/cond", tests);
}
