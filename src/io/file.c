/* SPDX-License-Identifier: MIT */
/* Reading and writing files; see file.h. */
#include "src/io/file.h"

#include <errno.h>

#include "src/base/compiler.h"
#include "src/io/blocking.h"
#include "src/sched/park.h"
#include "weft/file.h"
#include "weft/runtime.h"

bool weft__file_caller_is_green(void)
{
	struct weft__thread *self = weft__self_or_null();
	return self && weft__is_green(self);
}

struct pool_call {
	const struct weft__os_file_call *call;
	ssize_t result;
};

static void *call_in_pool(void *arg)
{
	struct pool_call *c = arg;
	c->result = weft__os_file(c->call);
	return NULL;
}

int weft__file_try(const struct weft__os_file_call *call, ssize_t *result, uint64_t deadline)
{
	struct pool_call c = { call, 0 };
	int err = weft__blocking(call_in_pool, &c, NULL, deadline);
	*result = c.result;
	return err;
}

ssize_t weft__file_call(const struct weft__os_file_call *call, uint64_t deadline)
{
	ssize_t result;
	int err = weft__file_try(call, &result, deadline);
	return err ? err : result;
}

/* --- reading and writing --- */

struct transfer {
	const struct weft__os_file_call *all;
	size_t done;
};

static size_t size_of(const struct weft__os_file_call *a)
{
	size_t size = 0;
	for (int i = 0; i < a->count; i++)
		size += a->iov[i].iov_len;
	return size;
}

/* The next piece that a single call can do: what is left of a buffer that was begun, or all buffers from one on. */
static struct weft__os_file_call next_piece(const struct transfer *t, struct iovec *begun)
{
	struct weft__os_file_call p = *t->all;
	size_t done = t->done;
	for (; p.count && done >= p.iov->iov_len; p.iov++, p.count--)
		done -= p.iov->iov_len;
	if (done) {
		*begun = (struct iovec){ (char *)p.iov->iov_base + done, p.iov->iov_len - done };
		p.iov = begun;
		p.count = 1;
	}
	if (p.offset >= 0)
		p.offset += (int64_t)t->done;
	return p;
}

static ssize_t without_waiting(const struct weft__os_file_call *p)
{
	return p->call == weft__os_call_write ? weft__os_write_now(p->fd, p->iov, p->count, p->offset)
					      : weft__os_read_now(p->fd, p->iov, p->count, p->offset);
}

/* Piece by piece until all is done or nothing comes; where a call waits, a short count is the last, too. What that returned. */
static ssize_t proceed(struct transfer *t, ssize_t (*call)(const struct weft__os_file_call *p))
{
	size_t size = size_of(t->all), wanted;
	ssize_t n;
	do {
		struct iovec begun;
		struct weft__os_file_call p = next_piece(t, &begun);
		wanted = size_of(&p);
		n = call(&p);
		if (n > 0)
			t->done += (size_t)n;
	} while (n > 0 && t->done < size && (call == without_waiting || (size_t)n == wanted));
	return n;
}

static void *proceed_in_pool(void *arg)
{
	return (void *)(intptr_t)proceed(arg, weft__os_file);
}

/* --- where there is no way to ask --- */

struct weft__file_tune weft__file_tune = { .slow_ns = 200000, .avoid_ns = 100000000 };

static weft__a32 risked;     /* calls in place now, by workers that may be blocked in them */
static weft__a64 slow_until; /* one took long: none before this time */

static bool take_risk(void)
{
	/* relaxed: numbers, no more; nothing is reached through them */
	if (weft__os_now() < weft__load_rlx(&slow_until))
		return false;
	if (weft__add_rlx(&risked, 1) < weft_workers())
		return true;
	weft__add_rlx(&risked, (uint32_t)-1);
	return false;
}

static ssize_t proceed_in_place(struct transfer *t)
{
	uint64_t begin = weft__os_now(), end;
	ssize_t n = proceed(t, weft__os_file);
	end = weft__os_now();
	if (end - begin > weft__file_tune.slow_ns)
		weft__store_rlx(&slow_until, end + weft__file_tune.avoid_ns);
	weft__add_rlx(&risked, (uint32_t)-1);
	return n;
}

/* `n` is what a try without waiting said: -EAGAIN it has to wait, or that there is no way to say so. */
static ssize_t with_waiting(struct transfer *t, ssize_t n, uint64_t deadline)
{
	void *last = NULL;
	if (n != -EAGAIN && take_risk())
		return proceed_in_place(t);
	int err = weft__blocking(proceed_in_pool, t, &last, deadline);
	return err ? err : (ssize_t)(intptr_t)last;
}

/* Only the first `n` bytes could be had without waiting, or none, or it failed. */
static weft__noinline ssize_t complete(const struct weft__os_file_call *all, ssize_t n, uint64_t deadline)
{
	struct transfer t = { all, n > 0 ? (size_t)n : 0 };
	if (n > 0 && t.done < size_of(all))
		n = proceed(&t, without_waiting); /* it may be the end of the file that cut it short */
	if (n == -EAGAIN || n == -EOPNOTSUPP || n == -ENOSYS)
		n = with_waiting(&t, n, deadline);
	return t.done ? (ssize_t)t.done : n;
}

static weft__noinline ssize_t read_slow(int fd, const struct iovec *iov, int count, int64_t offset, uint64_t deadline,
					bool green, ssize_t n)
{
	struct weft__os_file_call all = {
		.call = weft__os_call_read, .fd = fd, .iov = iov, .count = count, .offset = offset
	};
	return green ? complete(&all, n, deadline) : weft__os_file(&all);
}

/* In place, for weft_pread: each `ret` soon after a system call is predicted wrong, since the kernel has called deeper. */
weft__inline ssize_t read_file(int fd, const struct iovec *iov, int count, int64_t offset, uint64_t deadline)
{
	bool green = weft__file_caller_is_green();
	ssize_t n = green ? weft__os_read_now(fd, iov, count, offset) : 0;
	if (weft__likely(n > 0 && count == 1 && (size_t)n == iov->iov_len))
		return n;
	return read_slow(fd, iov, count, offset, deadline, green, n);
}

ssize_t weft__file_read(int fd, const struct iovec *iov, int count, int64_t offset, uint64_t deadline)
{
	return read_file(fd, iov, count, offset, deadline);
}

ssize_t weft__file_write(int fd, const struct iovec *iov, int count, int64_t offset, uint64_t deadline)
{
	struct weft__os_file_call all = {
		.call = weft__os_call_write, .fd = fd, .iov = iov, .count = count, .offset = offset
	};
	if (!weft__file_caller_is_green())
		return weft__os_file(&all);
	return complete(&all, weft__os_write_now(fd, iov, count, offset), deadline);
}

/* --- the public calls --- */

weft__inline ssize_t read_at(int fd, void *buffer, size_t size, int64_t offset, uint64_t deadline)
{
	struct iovec iov = { buffer, size };
	return offset < 0 ? -EINVAL : read_file(fd, &iov, 1, offset, deadline);
}

static ssize_t write_at(int fd, const void *buffer, size_t size, int64_t offset, uint64_t deadline)
{
	struct iovec iov = { (void *)(uintptr_t)buffer, size };
	return offset < 0 ? -EINVAL : weft__file_write(fd, &iov, 1, offset, deadline);
}

ssize_t weft_pread(int fd, void *buffer, size_t size, int64_t offset)
{
	return read_at(fd, buffer, size, offset, WEFT__NEVER);
}

ssize_t weft_pread_timeout(int fd, void *buffer, size_t size, int64_t offset, uint64_t nanoseconds)
{
	return read_at(fd, buffer, size, offset, weft__deadline(nanoseconds));
}

ssize_t weft_pwrite(int fd, const void *buffer, size_t size, int64_t offset)
{
	return write_at(fd, buffer, size, offset, WEFT__NEVER);
}

ssize_t weft_pwrite_timeout(int fd, const void *buffer, size_t size, int64_t offset, uint64_t nanoseconds)
{
	return write_at(fd, buffer, size, offset, weft__deadline(nanoseconds));
}

ssize_t weft_preadv(int fd, const struct iovec *iov, int count, int64_t offset)
{
	return offset < 0 ? -EINVAL : weft__file_read(fd, iov, count, offset, WEFT__NEVER);
}

ssize_t weft_preadv_timeout(int fd, const struct iovec *iov, int count, int64_t offset, uint64_t nanoseconds)
{
	return offset < 0 ? -EINVAL : weft__file_read(fd, iov, count, offset, weft__deadline(nanoseconds));
}

ssize_t weft_pwritev(int fd, const struct iovec *iov, int count, int64_t offset)
{
	return offset < 0 ? -EINVAL : weft__file_write(fd, iov, count, offset, WEFT__NEVER);
}

ssize_t weft_pwritev_timeout(int fd, const struct iovec *iov, int count, int64_t offset, uint64_t nanoseconds)
{
	return offset < 0 ? -EINVAL : weft__file_write(fd, iov, count, offset, weft__deadline(nanoseconds));
}

static ssize_t read_all(int fd, void *buffer, size_t size, int64_t offset, uint64_t deadline)
{
	size_t done = 0;
	ssize_t n = 1;
	while (done < size &&
	       (n = read_at(fd, (char *)buffer + done, size - done, offset + (int64_t)done, deadline)) > 0)
		done += (size_t)n;
	return done || n > 0 ? (ssize_t)done : n;
}

static ssize_t write_all(int fd, const void *buffer, size_t size, int64_t offset, uint64_t deadline)
{
	size_t done = 0;
	ssize_t n = 1;
	while (done < size &&
	       (n = write_at(fd, (const char *)buffer + done, size - done, offset + (int64_t)done, deadline)) > 0)
		done += (size_t)n;
	return done || n > 0 ? (ssize_t)done : n;
}

ssize_t weft_pread_all(int fd, void *buffer, size_t size, int64_t offset)
{
	return read_all(fd, buffer, size, offset, WEFT__NEVER);
}

ssize_t weft_pread_all_timeout(int fd, void *buffer, size_t size, int64_t offset, uint64_t nanoseconds)
{
	return read_all(fd, buffer, size, offset, weft__deadline(nanoseconds));
}

ssize_t weft_pwrite_all(int fd, const void *buffer, size_t size, int64_t offset)
{
	return write_all(fd, buffer, size, offset, WEFT__NEVER);
}

ssize_t weft_pwrite_all_timeout(int fd, const void *buffer, size_t size, int64_t offset, uint64_t nanoseconds)
{
	return write_all(fd, buffer, size, offset, weft__deadline(nanoseconds));
}
