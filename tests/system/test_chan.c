/* SPDX-License-Identifier: MIT */
/* What each call on a channel answers, and that elements of all sizes come through whole. */
#include "tests/support/chan.h"

START_TEST(is_made_or_not)
{
	struct weft_chan *chan = NULL;
	ck_assert_int_eq(weft_chan_create(NULL, 8, 1), -EINVAL);
	ck_assert_int_eq(weft_chan_create(&chan, SIZE_MAX, 2), -EINVAL);
	ck_assert_int_eq(weft_chan_create(&chan, 2, SIZE_MAX), -EINVAL);
	ck_assert_int_eq(weft_chan_create(&chan, SIZE_MAX, 1), -EINVAL);
	ck_assert_int_eq(weft_chan_create(&chan, 1, (size_t)PTRDIFF_MAX), -EINVAL);
	ck_assert_ptr_null(chan);
	if (!WEFT__ASAN && !WEFT__TSAN)
		ck_assert_int_eq(weft_chan_create(&chan, (size_t)1 << 61, 1), -ENOMEM);
	ck_assert_ptr_null(chan);
	weft_chan_destroy(make_chan(SIZE_MAX, 0)); /* nothing is buffered */
	weft_chan_destroy(make_chan(0, SIZE_MAX)); /* of nothing */
	weft_chan_destroy(NULL);
}
END_TEST

/* All that can be asked of a buffer from one thread, round and round its end. */
START_TEST(buffers)
{
	struct weft_chan *chan = make_chan(sizeof(int), 3);
	int in = 0, out = 0, got = -1;
	for (int lap = 0; lap < 10; lap++) {
		for (; weft_chan_count(chan) < 3; in++)
			ck_assert_int_eq(lap & 1 ? weft_chan_trysend(chan, &in) : weft_chan_send(chan, &in), 0);
		ck_assert_int_eq(weft_chan_trysend(chan, &in), -EAGAIN);
		ck_assert_int_eq(weft_chan_send_timeout(chan, &in, 0), -ETIMEDOUT);
		ck_assert_int_eq(weft_chan_send_timeout(chan, &in, WEFT_MS(1)), -ETIMEDOUT);
		for (int n = lap % 3; n >= 0; n--, out++) {
			ck_assert_int_eq(lap & 1 ? weft_chan_tryrecv(chan, &got) : weft_chan_recv(chan, &got), 0);
			ck_assert_int_eq(got, out);
		}
	}
	for (; out < in; out++) {
		ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, WEFT_FOREVER), 0);
		ck_assert_int_eq(got, out);
	}
	got = -1;
	ck_assert_int_eq(weft_chan_tryrecv(chan, &got), -EAGAIN);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(got, -1);
	weft_chan_destroy(chan);
}
END_TEST

START_TEST(does_not_buffer)
{
	struct weft_chan *chan = make_chan(sizeof(int), 0);
	int element = 7;
	ck_assert_int_eq(weft_chan_trysend(chan, &element), -EAGAIN);
	ck_assert_int_eq(weft_chan_tryrecv(chan, &element), -EAGAIN);
	ck_assert_int_eq(weft_chan_send_timeout(chan, &element, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &element, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_chan_trysend(chan, &element), -EAGAIN); /* nobody is left there */
	ck_assert_int_eq(weft_chan_tryrecv(chan, &element), -EAGAIN);
	ck_assert_int_eq(element, 7);
	ck_assert_int_eq(weft_chan_close(chan), 0);
	ck_assert_int_eq(weft_chan_close(chan), -EALREADY);
	ck_assert_int_eq(weft_chan_send(chan, &element), -EPIPE);
	ck_assert_int_eq(weft_chan_recv(chan, &element), -EPIPE);
	weft_chan_destroy(chan);
}
END_TEST

START_TEST(is_closed_with_elements_in_it)
{
	struct weft_chan *chan = make_chan(sizeof(int), 4);
	int got = 0;
	for (int i = 1; i <= 3; i++)
		ck_assert_int_eq(weft_chan_send(chan, &i), 0);
	ck_assert_int_eq(weft_chan_close(chan), 0);
	ck_assert_int_eq(weft_chan_send(chan, &got), -EPIPE);
	ck_assert_int_eq(weft_chan_trysend(chan, &got), -EPIPE);
	ck_assert_int_eq(weft_chan_send_timeout(chan, &got, WEFT_MS(1)), -EPIPE);
	ck_assert_int_eq(weft_chan_close(chan), -EALREADY);
	ck_assert_uint_eq(weft_chan_count(chan), 3);
	ck_assert_int_eq(weft_chan_recv(chan, &got), 0);
	ck_assert_int_eq(got, 1);
	ck_assert_int_eq(weft_chan_tryrecv(chan, &got), 0);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, 0), 0);
	ck_assert_int_eq(got, 3);
	ck_assert_int_eq(weft_chan_recv(chan, &got), -EPIPE);
	ck_assert_int_eq(weft_chan_tryrecv(chan, &got), -EPIPE);
	ck_assert_int_eq(weft_chan_recv_timeout(chan, &got, WEFT_MS(1)), -EPIPE);
	ck_assert_int_eq(got, 3);
	weft_chan_destroy(chan);
}
END_TEST

START_TEST(carries_pointers)
{
	struct weft_chan *chan = make_chan(sizeof(void *), 1), *other = make_chan(4, 1);
	void *pointer = NULL;
	ck_assert_int_eq(weft_chan_send_ptr(chan, chan), 0);
	ck_assert_int_eq(weft_chan_recv_ptr(chan, &pointer), 0);
	ck_assert_ptr_eq(pointer, chan);
	ck_assert_int_eq(weft_chan_send_ptr(chan, NULL), 0);
	ck_assert_int_eq(weft_chan_recv_ptr(chan, &pointer), 0);
	ck_assert_ptr_null(pointer);
	ck_assert_int_eq(weft_chan_send_ptr(other, chan), -EINVAL);
	ck_assert_int_eq(weft_chan_recv_ptr(other, &pointer), -EINVAL);
	ck_assert_uint_eq(weft_chan_count(other), 0);
	weft_chan_destroy(chan);
	weft_chan_destroy(other);
}
END_TEST

/* --- elements of all sizes, by the ring and from hand to hand --- */

struct transfer {
	struct weft_chan *chan;
	size_t size;
};
enum { LARGEST = 1000, TRANSFERS = 200 };

static void fill(unsigned char *element, size_t size, int i)
{
	for (size_t b = 0; b < size; b++)
		element[b] = (unsigned char)(i * 7 + (int)b);
}

static void *send_each(void *arg)
{
	struct transfer *t = arg;
	unsigned char element[LARGEST];
	for (int i = 0; i < TRANSFERS; i++) {
		fill(element, t->size, i);
		check_eq(weft_chan_send(t->chan, t->size ? element : NULL), 0);
		memset(element, 0xee, sizeof element); /* it was copied */
	}
	check_eq(weft_chan_close(t->chan), 0);
	return arg;
}

static void receive_each(struct transfer *t)
{
	unsigned char got[LARGEST + 1], should[LARGEST];
	for (int i = 0; i < TRANSFERS; i++) {
		got[t->size] = 0xaa;
		check_eq(weft_chan_recv(t->chan, i % 5 == 4 || !t->size ? NULL : got), 0);
		fill(should, t->size, i);
		check(i % 5 == 4 || memcmp(got, should, t->size) == 0);
		check_eq(got[t->size], 0xaa);
	}
	check_eq(weft_chan_recv(t->chan, got), -EPIPE);
}

static void *all_sizes(void *arg)
{
	static const size_t sizes[] = { 0, 1, 3, 4, 7, 8, 9, 16, 64, LARGEST };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t capacity = 0; capacity < 6; capacity++) {
			struct transfer t = { make_chan(sizes[i], capacity), sizes[i] };
			weft_t sender = spawn(NULL, send_each, &t);
			receive_each(&t);
			join(sender);
			weft_chan_destroy(t.chan);
		}
	return arg;
}

START_TEST(carries_any_size)
{
	run(all_sizes, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		is_made_or_not,	  buffers, does_not_buffer, is_closed_with_elements_in_it, carries_pointers,
		carries_any_size, NULL
	};
	return run_tests("system/chan", tests);
}
