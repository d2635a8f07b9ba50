/* SPDX-License-Identifier: MIT */
/* Receiving into buffers that are lent: nobody who waits for data holds one, no more are lent than there are, no byte is lost. */
#include "tests/support/net.h"

enum { SIZE = 64, IDLE = 50, SERVED = 200, PAIRS = 12, BYTES = 20000 };

static struct weft_buffers *pool;

static void make(size_t count)
{
	check_eq(weft_buffers_create(&pool, SIZE, count), 0);
}

static void end(void)
{
	check_eq(weft_buffers_destroy(pool), 0);
}

START_TEST(bad_arguments)
{
	void *buffer = &buffer;
	ck_assert_int_eq(weft_buffers_create(NULL, SIZE, 0), -EINVAL);
	ck_assert_int_eq(weft_buffers_create(&pool, 0, 0), -EINVAL);
	ck_assert_int_eq(weft_buffers_create(&pool, SIZE, (size_t)1 << 31), -EINVAL);
	ck_assert_int_eq(weft_buffers_destroy(NULL), 0);
	make(1);
	ck_assert_int_eq(weft_recv_pooled(0, NULL, &buffer), -EINVAL);
	ck_assert_int_eq(weft_recv_pooled(0, pool, NULL), -EINVAL);
	ck_assert_int_eq(weft_recv_pooled(-1, pool, &buffer), -EBADF);
	ck_assert_ptr_null(buffer);
	weft_buffers_return(pool, NULL);
	end();
}
END_TEST

/* On each kind of descriptor that has an end. */
static void *one(void *arg)
{
	make(1);
	for (enum pair_kind kind = PIPE; kind < PAIR_KINDS; kind++) {
		struct pair p = make_pair(kind);
		void *buffer;
		if (kind == DATAGRAM) {
			close_pair(p);
			continue;
		}
		check_eq(weft_recv_pooled_timeout(p.out, pool, &buffer, 0), -ETIMEDOUT);
		check_eq(weft_recv_pooled_timeout(p.out, pool, &buffer, WEFT_MS(1)), -ETIMEDOUT);
		check(buffer == NULL);
		check_eq(weft_write(p.in, "hello", 5), 5);
		check_eq(weft_recv_pooled_timeout(p.out, pool, &buffer, WEFT_S(20)), 5);
		check(memcmp(buffer, "hello", 5) == 0);
		check_eq(weft_buffers_destroy(pool), -EBUSY);
		weft_buffers_return(pool, buffer);
		check_eq(weft_close(p.in), 0);
		check_eq(weft_recv_pooled(p.out, pool, &buffer), 0);
		check(buffer == NULL);
		check_eq(weft_close(p.out), 0);
	}
	end();
	return arg;
}

START_TEST(each_kind)
{
	on_all_kinds(one, NULL);
}
END_TEST

/* --- a limit --- */

static void *wait_in_vain(void *arg)
{
	void *buffer;
	check_eq(weft_recv_pooled((int)(intptr_t)arg, pool, &buffer), -ECANCELED);
	return NULL;
}

/* With one buffer in all, and many who wait for data. */
static void *idle_ones(void *arg)
{
	struct pair idle[IDLE], p = make_pair(TCP);
	weft_t thread[IDLE];
	void *buffer;
	make(1);
	for (int i = 0; i < IDLE; i++) {
		idle[i] = make_pair(i % 2 ? TCP : PIPE);
		thread[i] = spawn(i % 10 ? NULL : WEFT_BOUND, wait_in_vain, (void *)(intptr_t)idle[i].out);
	}
	for (int i = 0; i < SERVED; i++) {
		check_eq(weft_write(p.in, "x", 1), 1);
		check_eq(weft_recv_pooled_timeout(p.out, pool, &buffer, WEFT_S(20)), 1);
		weft_buffers_return(pool, buffer);
	}
	for (int i = 0; i < IDLE; i++) {
		check_eq(weft_cancel(thread[i]), 0);
		join(thread[i]);
		close_pair(idle[i]);
	}
	close_pair(p);
	end();
	return arg;
}

START_TEST(who_waits_holds_none)
{
	run(idle_ones, NULL);
}
END_TEST

static void *return_later(void *buffer)
{
	check_eq(weft_sleep(WEFT_MS(2)), 0);
	weft_buffers_return(pool, buffer);
	return NULL;
}

/* All are lent: time limits and cancels end the wait, and the data is still there. */
static void *too_few(void *arg)
{
	struct pair p = make_pair(UNIX), q = make_pair(PIPE);
	void *first, *second;
	make(1);
	check_eq(weft_write(p.in, "a", 1), 1);
	check_eq(weft_write(q.in, "b", 1), 1);
	check_eq(weft_recv_pooled(p.out, pool, &first), 1);
	check_eq(weft_recv_pooled_timeout(q.out, pool, &second, 0), -ETIMEDOUT);
	check_eq(weft_recv_pooled_timeout(q.out, pool, &second, WEFT_MS(1)), -ETIMEDOUT);
	weft_t thread = spawn(NULL, wait_in_vain, (void *)(intptr_t)q.out);
	check_eq(weft_sleep(WEFT_MS(1)), 0);
	check_eq(weft_cancel(thread), 0);
	join(thread);
	thread = spawn(NULL, return_later, first);
	check_eq(weft_recv_pooled_timeout(q.out, pool, &second, WEFT_S(20)), 1);
	check_eq(*(char *)second, 'b');
	join(thread);
	weft_buffers_return(pool, second);
	close_pair(p);
	close_pair(q);
	end();
	return arg;
}

START_TEST(all_are_lent)
{
	run(too_few, NULL);
}
END_TEST

/* --- a crowd --- */

static struct pair pairs[PAIRS];
static shared sum;

static void *write_all(void *arg)
{
	struct pair *p = arg;
	for (int i = 0; i < rounds(BYTES); i++) {
		unsigned char c = (unsigned char)i;
		check_eq(weft_write(p->in, &c, 1), 1);
	}
	check_eq(weft_shutdown(p->in, SHUT_WR), 0);
	return NULL;
}

static void *read_all(void *arg)
{
	struct pair *p = arg;
	unsigned next = 0;
	unsigned char *data;
	for (ssize_t n; (n = weft_recv_pooled(p->out, pool, (void **)&data)) != 0;) {
		check(n > 0 && n <= SIZE);
		for (ssize_t i = 0; i < n; i++)
			check_eq(data[i], (unsigned char)next++);
		add(sum, (uint64_t)n);
		if (next % 7 == 0)
			weft_yield();
		weft_buffers_return(pool, data);
	}
	return NULL;
}

static void *crowd(void *arg)
{
	weft_t writer[PAIRS], reader[PAIRS];
	make(3);
	for (int i = 0; i < PAIRS; i++) {
		pairs[i] = make_pair(i % 2 ? TCP : UNIX);
		reader[i] = spawn(i % 3 ? NULL : WEFT_BOUND, read_all, &pairs[i]);
		writer[i] = spawn(i % 4 ? NULL : WEFT_BOUND, write_all, &pairs[i]);
	}
	for (int i = 0; i < PAIRS; i++) {
		join(writer[i]);
		join(reader[i]);
		close_pair(pairs[i]);
	}
	end();
	return arg;
}

START_TEST(every_byte)
{
	run(crowd, NULL);
	ck_assert_uint_eq(get(sum), (uint64_t)PAIRS * (uint64_t)rounds(BYTES));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { bad_arguments, each_kind, who_waits_holds_none, all_are_lent, every_byte, NULL };
	return run_tests("system/pooled", tests);
}
