/* SPDX-License-Identifier: MIT */
/* weft_poll: the same answers as poll(2), for few descriptors and many, by each kind of thread; ends of waits. */
#include "tests/support/io.h"

enum { MANY = 40 };

static struct pair pairs[MANY];

static void make_all(void)
{
	for (int i = 0; i < MANY; i++)
		pairs[i] = make_pair((enum pair_kind)(i % PAIR_KINDS));
}

static void close_all(void)
{
	for (int i = 0; i < MANY; i++)
		close_pair(pairs[i]);
}

static void *write_to(void *arg)
{
	weft_sleep(WEFT_US(500));
	check_eq(weft_write((int)(intptr_t)arg, "x", 1), 1);
	return NULL;
}

static void *close_it(void *arg)
{
	weft_sleep(WEFT_MS(3));
	check_eq(weft_close((int)(intptr_t)arg), 0);
	return NULL;
}

static void await_all(struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = i % 7 == 6 ? -1 : pairs[i].out, .events = POLLIN };
}

static void waits(void)
{
	struct pollfd fds[MANY];
	static const size_t counts[] = { 1, 3, 4, 5, MANY };
	make_all();
	for (size_t c = 0; c < 5; c++)
		for (int round = 0; round < 3; round++) {
			size_t n = counts[c], which = (size_t)round % n;
			char data;
			await_all(fds, n);
			check_eq(weft_poll_timeout(fds, n, 0), -ETIMEDOUT);
			check_eq(weft_poll_timeout(fds, n, WEFT_US(300)), -ETIMEDOUT);
			pthread_t thread = outsider(write_to, (void *)(intptr_t)pairs[which].in);
			check_eq(weft_poll(fds, n), 1);
			check_eq(fds[which].revents, POLLIN);
			check_eq(weft_poll_timeout(fds, n, 0), 1); /* it takes nothing */
			check_eq(weft_read(pairs[which].out, &data, 1), 1);
			check_eq(weft_poll_timeout(fds, n, 0), -ETIMEDOUT);
			pthread_join(thread, NULL);
		}
	fds[0] = (struct pollfd){ .fd = pairs[0].in, .events = POLLIN | POLLOUT };
	fds[1] = (struct pollfd){ .fd = 1 << 29, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = -5, .events = POLLIN, .revents = 99 };
	check_eq(weft_poll(fds, 3), 2);
	check_eq(fds[0].revents, POLLOUT);
	check_eq(fds[1].revents, POLLNVAL);
	check_eq(fds[2].revents, 0);
	check_eq(weft_poll_timeout(NULL, 0, WEFT_US(100)), -ETIMEDOUT);
	check_eq(weft_poll(NULL, 1), -EINVAL);
	close_all();
}

/* One of them is closed, by weft or by its other end. The poller has begun by then: its descriptors do not get the number. */
static void closes(void)
{
	struct pollfd fds[MANY];
	make_all();
	await_all(fds, MANY);
	check_eq(weft_poll_timeout(fds, MANY, 1), -ETIMEDOUT);
	for (size_t n = 2; n < MANY; n *= 4) {
		await_all(fds, n);
		pthread_t thread = outsider(close_it, (void *)(intptr_t)pairs[1].out);
		check_eq(weft_poll(fds, n), 1);
		check_eq(fds[1].revents, POLLNVAL);
		check_eq(fds[0].revents, 0);
		pthread_join(thread, NULL);
		check_eq(weft_close(pairs[1].in), 0);
		pairs[1] = make_pair(TCP);
		await_all(fds, n);
		thread = outsider(close_it, (void *)(intptr_t)pairs[1].in);
		check_eq(weft_poll(fds, n), 1);
		check(fds[1].revents & POLLIN);
		pthread_join(thread, NULL);
		check_eq(weft_close(pairs[1].out), 0);
		pairs[1] = make_pair(PIPE);
	}
	close_all();
}

static void *call(void *arg)
{
	void (*fn)(void);
	*(void **)&fn = arg;
	fn();
	return NULL;
}

static void each(void (*fn)(void))
{
	void *arg = *(void **)&fn;
	start();
	join(spawn(WEFT_GREEN, call, arg));
	join(spawn(WEFT_BOUND, call, arg));
	fn();
	stop();
	fn();
}

START_TEST(as_poll_does)
{
	each(waits);
}
END_TEST

/* The poller begins with the first wait, here a bound thread's. */
START_TEST(bound_first)
{
	void (*fn)(void) = waits;
	start();
	join(spawn(WEFT_BOUND, call, *(void **)&fn));
	stop();
}
END_TEST

START_TEST(one_is_closed)
{
	each(closes);
}
END_TEST

static void *poll_until_canceled(void *arg)
{
	struct pollfd fds[MANY];
	int n;
	do {
		await_all(fds, MANY);
		n = weft_poll(fds, MANY);
	} while (n > 0);
	check_eq(n, -ECANCELED);
	return arg;
}

/* Pollers and readers on the same descriptors: readers get every byte, whatever the others do. */
static shared bytes;

static void *read_some(void *arg)
{
	char data;
	for (ssize_t n; (n = weft_read((int)(intptr_t)arg, &data, 1)) != -ECANCELED;) {
		check_eq(n, 1);
		add(bytes, 1);
	}
	return NULL;
}

static void *mix(void *arg)
{
	struct member *m = arg;
	weft_t poller[3], reader[MANY];
	uint64_t written = 0;
	make_all();
	for (int i = 0; i < MANY; i++)
		reader[i] = spawn(NULL, read_some, (void *)(intptr_t)pairs[i].out);
	for (int i = 0; i < 3; i++)
		poller[i] = spawn(i == 2 ? WEFT_BOUND : WEFT_GREEN, poll_until_canceled, NULL);
	for (int round = 0; round < rounds(3000); round++) {
		check_eq(weft_write(pairs[pick(m, MANY)].in, "x", 1), 1);
		written++;
		if (pick(m, 10) == 0)
			weft_sleep(WEFT_US(pick(m, 100)));
		if (pick(m, 50) == 0) {
			int i = (int)pick(m, 3);
			check_eq(weft_cancel(poller[i]), 0);
			join(poller[i]);
			poller[i] = spawn(i == 2 ? WEFT_BOUND : WEFT_GREEN, poll_until_canceled, NULL);
		}
	}
	wait_until(get(bytes) == written);
	for (int i = 0; i < MANY + 3; i++) {
		weft_t thread = i < MANY ? reader[i] : poller[i - MANY];
		check_eq(weft_cancel(thread), 0);
		join(thread);
	}
	close_all();
	return NULL;
}

START_TEST(pollers_and_readers)
{
	struct member m = { .random = new_seed() };
	run(mix, &m);
}
END_TEST

/* A library makes and closes descriptors by itself; the numbers come up again. */
static void *behind_our_back(void *arg)
{
	for (int i = 0; i < 20; i++) {
		struct pair p = make_pair((enum pair_kind)(i % PAIR_KINDS));
		struct pollfd fd = { .fd = p.out, .events = POLLIN };
		weft_t thread = spawn(NULL, write_to, (void *)(intptr_t)p.in);
		check_eq(weft_poll_timeout(&fd, 1, WEFT_S(20)), 1);
		join(thread);
		close(p.in);
		close(p.out);
	}
	return arg;
}

START_TEST(descriptors_of_a_library)
{
	run(behind_our_back, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		as_poll_does, bound_first, one_is_closed, pollers_and_readers, descriptors_of_a_library, NULL
	};
	return run_tests("system/poll", tests);
}
