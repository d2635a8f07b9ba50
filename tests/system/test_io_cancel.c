/* SPDX-License-Identifier: MIT */
/* Cancellation, time limits and scopes end a wait and lose nothing: a byte is read, or stays. */
#include "tests/support/io.h"

static uint64_t seed;
static enum pair_kind kind;
static struct pair p;

static shared bytes_read, canceled;

static void *read_until_canceled(void *arg)
{
	char data;
	for (;;) {
		ssize_t n = weft_read(p.out, &data, 1);
		if (n == -ECANCELED)
			break;
		check_eq(n, 1);
		add(bytes_read, 1);
	}
	ssize_t n = weft_read(p.out, &data, 1); /* for good, but for what is there by now */
	check(n == 1 || n == -ECANCELED);
	add(bytes_read, n == 1);
	return arg;
}

static void *race(void *arg)
{
	enum { READERS = 4 };
	struct member *m = arg;
	for (kind = PIPE; kind < PAIR_KINDS; kind++)
		for (int round = 0; round < rounds(300); round++) {
			weft_t thread[READERS];
			uint64_t written = 0;
			p = make_pair(kind);
			set(bytes_read, 0);
			for (int i = 0; i < READERS; i++)
				thread[i] = spawn(i % 2	      ? WEFT_GREEN
						  : round % 8 ? NULL
							      : WEFT_BOUND,
						  read_until_canceled, NULL);
			for (int i = 0; i < READERS; i++) {
				for (uint32_t n = pick(m, 3); n > 0; n--)
					written += (uint64_t)weft_write(p.in, "x", 1);
				if (pick(m, 2))
					weft_yield();
				check_eq(weft_cancel(thread[i]), 0);
			}
			for (int i = 0; i < READERS; i++)
				join(thread[i]);
			char data[100];
			ssize_t left = 1;
			uint64_t patience =
				kind == TCP ? WEFT_S(10) : 0; /* Nagle's algorithm keeps some for a moment */
			while (left > 0 && get(bytes_read) < written)
				if ((left = weft_read_timeout(p.out, data, sizeof data, patience)) > 0)
					add(bytes_read, left);
			check_eq(get(bytes_read), written);
			check_eq(weft_read_timeout(p.out, data, sizeof data, 0), -ETIMEDOUT);
			close_pair(p);
		}
	return NULL;
}

START_TEST(no_byte_is_lost_to_a_cancel)
{
	struct member m = { .random = new_seed() };
	run(race, &m);
}
END_TEST

/* The same with time limits about as long as the bytes take to come. */
static void *read_with_limits(void *arg)
{
	struct member *m = arg;
	char data;
	for (ssize_t n; (n = weft_read_timeout(p.out, &data, 1, WEFT_US(pick(m, 300)))) != 0;)
		if (n != -ETIMEDOUT) {
			check_eq(n, 1);
			m->got++;
		}
	return NULL;
}

static void *write_slowly(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(2000); i++) {
		check_eq(weft_write(p.in, "x", 1), 1);
		if (pick(m, 3) == 0)
			weft_sleep(WEFT_US(pick(m, 200)));
	}
	check_eq(weft_close(p.in), 0);
	return NULL;
}

START_TEST(no_byte_is_lost_to_a_time_limit)
{
	seed = new_seed();
	for (kind = PIPE; kind < PAIR_KINDS; kind++) {
		struct crew crew;
		struct member m = { .random = seed };
		start();
		p = make_pair(kind);
		crew_start(&crew, 6, seed, read_with_limits);
		join(spawn(NULL, write_slowly, &m));
		ck_assert_uint_eq(crew_join(&crew), rounds(2000));
		check_eq(weft_close(p.out), 0);
		stop();
	}
}
END_TEST

static int read_in_scope(void *arg)
{
	char data;
	ssize_t n = weft_read(p.out, &data, 1);
	add(canceled, n == -ECANCELED);
	(void)arg;
	return (int)n;
}

static void *scopes(void *arg)
{
	for (kind = PIPE; kind < PAIR_KINDS; kind++) {
		struct weft_scope scope;
		char data;
		uint64_t deadline = weft_now() + WEFT_MS(3);
		unsigned spawned = 0;
		set(canceled, 0);
		p = make_pair(kind);
		check_eq(weft_scope_open(&scope, 0), 0);
		check_eq(weft_scope_set_deadline(&scope, deadline), 0);
		for (int i = 0; i < 3; i++) { /* on a slow machine it may have passed by then */
			int err = weft_scope_spawn(&scope, NULL, read_in_scope, NULL);
			check_eq(err, err && weft_now() >= deadline ? -ECANCELED : 0);
			spawned += !err;
		}
		check_eq(weft_read_timeout(p.out, &data, 1, WEFT_S(100)), -ECANCELED);
		check_eq(weft_scope_close(&scope), -ETIMEDOUT);
		check_eq(get(canceled), spawned);
		check_eq(weft_write(p.in, "x", 1), 1); /* out of the scope all is well */
		check_eq(weft_read(p.out, &data, 1), 1);
		close_pair(p);
	}
	return arg;
}

START_TEST(deadlines_of_scopes)
{
	run(scopes, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { no_byte_is_lost_to_a_cancel, no_byte_is_lost_to_a_time_limit,
				       deadlines_of_scopes, NULL };
	return run_tests("system/io_cancel", tests);
}
