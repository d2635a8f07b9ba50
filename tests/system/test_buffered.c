/* SPDX-License-Identifier: MIT */
/* The buffered reader and writer: pieces of any size over pipes and sockets, slow peers, full buffers, cuts at any point. */
#include <time.h>
#include <wchar.h>

#include "tests/support/net.h"

static void put(int fd, const char *text)
{
	check_eq(weft_write_all(fd, text, strlen(text), NULL), (ssize_t)strlen(text));
}

static void *lines(void *arg)
{
	struct pair p = make_pair(PIPE);
	struct weft_reader reader;
	char memory[8], *line;
	check_eq(weft_reader_init(&reader, p.out, memory, sizeof memory), 0);
	put(p.in, "12345\n6\na\n\nbc\r\n\r\n\rd\n123456\n7");
	static const char *const expected[] = { "12345", "6", "a", "", "bc", "", "\rd", "123456" };
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		check_eq(weft_reader_read_line(&reader, &line), (ssize_t)strlen(expected[i]));
		ck_assert_str_eq(line, expected[i]);
	}
	check_eq(weft_reader_read_line_timeout(&reader, &line, WEFT_MS(1)), -ETIMEDOUT);
	check_eq(weft_reader_count(&reader), 1);
	check_eq(weft_close(p.in), 0);
	check_eq(weft_reader_read_line(&reader, &line), 1); /* the last one has no end */
	ck_assert_str_eq(line, "7");
	for (int i = 0; i < 2; i++) {
		check_eq(weft_reader_read_line(&reader, &line), 0);
		check(line == NULL);
	}
	weft_reader_destroy(&reader);
	check_eq(weft_close(p.out), 0);
	return arg;
}

START_TEST(lines_of_all_kinds)
{
	on_all_kinds(lines, NULL);
}
END_TEST

/* It does not fit: nothing is gone, and can be had in another way. */
static void *too_long(void *arg)
{
	struct pair p = make_pair(PIPE);
	struct weft_reader reader;
	char memory[8], *data, rest[16];
	size_t done;
	p.out = move_far(p.out);
	check_eq(weft_reader_init(&reader, p.out, memory, sizeof memory), 0);
	put(p.in, "x,1234567\n");
	check_eq(weft_reader_read_until(&reader, ',', &data), 2);
	check(memcmp(data, "x,", 2) == 0);
	for (int i = 0; i < 2; i++) {
		check_eq(weft_reader_read_line(&reader, &data), -EMSGSIZE);
		check_eq(weft_reader_count(&reader), 7);
	}
	check_eq(weft_reader_peek(&reader, 8, &data), -EMSGSIZE);
	check_eq(weft_reader_peek(&reader, 7, &data), 7);
	check(memcmp(data, "1234567", 7) == 0);
	check_eq(weft_reader_skip(&reader, 3), 3);
	check_eq(weft_reader_read_all_timeout(&reader, rest, sizeof rest, &done, WEFT_MS(1)), -ETIMEDOUT);
	check_eq(done, 5);
	check(memcmp(rest, "4567\n", 5) == 0);
	check_eq(weft_reader_count(&reader), 0);
	check_eq(weft_reader_skip(&reader, 1), 0);
	put(p.in, "ab");
	check_eq(weft_reader_peek_timeout(&reader, 3, &data, WEFT_MS(1)), -ETIMEDOUT);
	check_eq(weft_reader_peek_timeout(&reader, 0, &data, 0), 2);
	check_eq(weft_close(p.in), 0);
	check_eq(weft_reader_peek(&reader, 3, &data), 2);
	check_eq(weft_reader_read(&reader, rest, 0), 0);
	check_eq(weft_reader_read_until(&reader, '\n', &data), 2);
	check(memcmp(data, "ab", 2) == 0);
	check_eq(weft_reader_read_until(&reader, '\n', &data), 0);
	check_eq(weft_reader_read_all(&reader, rest, sizeof rest, &done), 0);
	check_eq(weft_close(p.out), 0);
	check_eq(weft_reader_read(&reader, rest, 1), -EBADF);
	weft_reader_destroy(&reader);
	return arg;
}

START_TEST(what_does_not_fit)
{
	on_all_kinds(too_long, NULL);
}
END_TEST

START_TEST(wrong_arguments)
{
	struct weft_reader reader;
	struct weft_writer writer;
	char memory[2];
	ck_assert_int_eq(weft_reader_init(NULL, 0, NULL, 0), -EINVAL);
	ck_assert_int_eq(weft_reader_init(&reader, 0, memory, 1), -EINVAL);
	ck_assert_int_eq(weft_reader_init(&reader, 0, memory, 0), -EINVAL);
	ck_assert_int_eq(weft_reader_init(&reader, 0, NULL, 1), -EINVAL);
	ck_assert_int_eq(weft_writer_init(NULL, 0, NULL, 0), -EINVAL);
	ck_assert_int_eq(weft_writer_init(&writer, 0, memory, 0), -EINVAL);
	ck_assert_int_eq(weft_reader_init(&reader, 0, NULL, 0), 0);
	ck_assert_int_eq(weft_writer_init(&writer, 0, NULL, 0), 0);
	weft_reader_destroy(&reader);
	weft_writer_destroy(&writer);
}
END_TEST

static void *prints(void *arg)
{
	struct pair p = make_pair(PIPE);
	struct weft_writer writer;
	char memory[8], got[32];
	check_eq(weft_writer_init(&writer, p.in, memory, sizeof memory), 0);
	check_eq(weft_writer_printf(&writer, "%d-%s", 12, "ab"), 5);
	check_eq(weft_writer_count(&writer), 5);
	check_eq(weft_read_timeout(p.out, got, sizeof got, 0), -ETIMEDOUT);
	check_eq(weft_writer_printf(&writer, "%s", "12345678"), -EMSGSIZE);
	check_eq(weft_writer_printf(&writer, "%lc", (wint_t)0x110000 * 16), -EINVAL);
	check_eq(weft_writer_count(&writer), 5);
	check_eq(weft_writer_printf(&writer, "%s", "1234567"), 7); /* after a flush */
	check_eq(weft_writer_count(&writer), 7);
	check_eq(weft_read(p.out, got, sizeof got), 5);
	check_eq(weft_writer_write(&writer, "8", 1, NULL), 1);
	check_eq(weft_writer_printf(&writer, "%s", ""), 0);
	check_eq(weft_writer_flush(&writer), 0);
	check_eq(weft_writer_flush(&writer), 0);
	check_eq(weft_writer_count(&writer), 0);
	check_eq(weft_read(p.out, got, sizeof got), 8);
	check(memcmp(got, "12345678", 8) == 0);
	check_eq(weft_close(p.out), 0);
	check_eq(weft_writer_write(&writer, "x", 1, NULL), 1);
	check_eq(weft_writer_flush(&writer), -EPIPE);
	check_eq(weft_writer_count(&writer), 1);
	weft_writer_destroy(&writer);
	check_eq(weft_close(p.in), 0);
	return arg;
}

START_TEST(printf_and_flush)
{
	on_all_kinds(prints, NULL);
}
END_TEST

/* A stream in pieces of any size, with time limits and cancels in between; each byte comes, once, in its place. */
enum { TOTAL = 200000 };
static struct pair p;
static size_t reader_size, writer_size;

static ssize_t write_piece(struct weft_writer *writer, uint64_t at, size_t size, struct member *m, size_t *done)
{
	char piece[300];
	for (size_t i = 0; i < size; i++)
		piece[i] = (char)byte_at(at + i);
	uint64_t limit = pick(m, 4) ? WEFT_FOREVER : WEFT_US(pick(m, 100));
	return weft_writer_write_timeout(writer, piece, size, done, limit);
}

static void *write_pieces(void *arg)
{
	struct member *m = arg;
	struct weft_writer writer;
	uint64_t sent = 0, total = (uint64_t)rounds(TOTAL);
	check_eq(weft_writer_init(&writer, p.in, NULL, writer_size), 0);
	while (sent < total) {
		size_t size = 1 + pick(m, pick(m, 2) ? 300 : 3), done = 1000;
		size = size < total - sent ? size : total - sent;
		ssize_t n = write_piece(&writer, sent, size, m, &done);
		check(n == (ssize_t)size ? done == size : n == -ETIMEDOUT && done < size);
		sent += done;
		if (pick(m, 20) == 0)
			check_eq(weft_writer_flush(&writer), 0);
		if (pick(m, 50) == 0)
			weft_sleep(WEFT_US(pick(m, 100)));
	}
	int err;
	while ((err = weft_writer_flush_timeout(&writer, WEFT_US(50))) != 0)
		check_eq(err, -ETIMEDOUT);
	weft_writer_destroy(&writer);
	check_eq(weft_close(p.in), 0);
	return NULL;
}

static void expect(const char *data, size_t size, uint64_t *at)
{
	for (size_t i = 0; i < size; i++)
		check_eq((unsigned char)data[i], byte_at((*at)++));
}

/* Read by any of the calls: 0 at the end. */
static ssize_t read_piece(struct weft_reader *reader, struct member *m, uint64_t *at)
{
	char piece[300], *data = piece;
	size_t done = 0, size = 1 + pick(m, pick(m, 2) ? 300 : 3);
	uint64_t limit = pick(m, 4) ? WEFT_FOREVER : WEFT_US(pick(m, 100));
	char delimiter = (char)byte_at(*at + pick(m, 20));
	ssize_t n;
	switch (pick(m, 4)) {
	case 0:
		n = weft_reader_read_timeout(reader, piece, size, limit);
		done = n > 0 ? (size_t)n : 0;
		break;
	case 1:
		n = weft_reader_read_all_timeout(reader, piece, size, &done, limit);
		check(n < 0 || n == (ssize_t)done);
		break;
	case 2:
		n = weft_reader_read_until_timeout(reader, delimiter, &data, limit);
		done = n > 0 ? (size_t)n : 0;
		check(!done || !memchr(data, delimiter, done - 1));
		check(!done || data[done - 1] == delimiter || *at + done == (uint64_t)rounds(TOTAL));
		if (n == -EMSGSIZE)
			n = 1;
		break;
	default:
		n = weft_reader_peek_timeout(reader, 1 + pick(m, (uint32_t)reader_size - 1), &data, limit);
		done = n > 0 ? weft_reader_skip(reader, 1 + pick(m, (uint32_t)n)) : 0;
	}
	expect(data, done, at);
	return n;
}

static void *read_pieces(void *arg)
{
	struct member *m = arg;
	struct weft_reader reader;
	uint64_t got = 0;
	ssize_t n;
	check_eq(weft_reader_init(&reader, p.out, NULL, reader_size), 0);
	while ((n = read_piece(&reader, m, &got)) != 0) {
		check(n > 0 || n == -ETIMEDOUT);
		if (pick(m, 100) == 0)
			weft_sleep(WEFT_US(pick(m, 200)));
	}
	check_eq(got, (uint64_t)rounds(TOTAL));
	weft_reader_destroy(&reader);
	check_eq(weft_close(p.out), 0);
	return NULL;
}

static void *pass(void *arg)
{
	static const size_t sizes[][2] = { { 2, 1 }, { 3, 1000 }, { 100, 7 }, { 8192, 8192 } };
	struct member writing = *(struct member *)arg, reading = writing;
	for (enum pair_kind kind = PIPE; kind < PAIR_KINDS; kind++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes && kind != PACKETS && kind != DATAGRAM; i++) {
			p = make_pair(kind);
			reader_size = sizes[i][0];
			writer_size = sizes[i][1];
			reading.random++;
			weft_t writer = spawn(i % 2 ? WEFT_BOUND : WEFT_GREEN, write_pieces, &writing);
			join(spawn(WEFT_GREEN, read_pieces, &reading));
			join(writer);
		}
	return NULL;
}

START_TEST(streams_in_pieces)
{
	struct member m = { .random = new_seed() };
	run(pass, &m);
}
END_TEST

/* A reader is canceled in the middle of a line; another thread goes on with it. */
static struct weft_reader shared_reader;

static void *read_one_line(void *arg)
{
	char *line;
	(void)arg;
	return (void *)(intptr_t)weft_reader_read_line(&shared_reader, &line);
}

static void *cut(void *arg)
{
	char *line;
	p = make_pair(TCP);
	check_eq(weft_reader_init(&shared_reader, p.out, NULL, 100), 0);
	for (int i = 0; i < rounds(300); i++) {
		put(p.in, "half ");
		weft_t thread = spawn(WEFT_GREEN, read_one_line, NULL);
		for (int n = i % 3; n > 0; n--)
			weft_yield();
		check_eq(weft_cancel(thread), 0);
		check_eq((intptr_t)join(thread), -ECANCELED);
		put(p.in, "a line\n");
		check_eq(weft_reader_read_line(&shared_reader, &line), 11);
		ck_assert_str_eq(line, "half a line");
	}
	weft_reader_destroy(&shared_reader);
	close_pair(p);
	return arg;
}

START_TEST(a_cancel_loses_nothing)
{
	run(cut, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { lines_of_all_kinds,
				       what_does_not_fit,
				       wrong_arguments,
				       printf_and_flush,
				       streams_in_pieces,
				       a_cancel_loses_nothing,
				       NULL };
	return run_tests("system/buffered", tests);
}
