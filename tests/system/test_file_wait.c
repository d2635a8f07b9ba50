/* SPDX-License-Identifier: MIT */
/* What waits for a file: taking a request back, what is done in place although it may wait, and each system call made to fail. */
#include <sys/mman.h>
#include <sys/uio.h>

#include "src/io/blocking.h"
#include "src/io/file.h"
#include "tests/support/folder.h"

/* --- taking it back --- */

static shared gate, held;

static void *hold(void *arg)
{
	set(held, 1);
	while (!get(gate))
		usleep(100);
	return arg;
}

static void *hold_the_pool(void *arg)
{
	check_eq(weft_blocking(hold, NULL, NULL), 0);
	return arg;
}

static int fd;

/* A try that fails has the kernel begin to read: until that is done it cannot be dropped. */
static void drop_all(void)
{
	unsigned char in_core[SIZE / 4096];
	char *map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	check(map != MAP_FAILED);
	do {
		weft_sleep(WEFT_US(200));
		drop_cache(fd);
		check_eq(mincore(map, SIZE, in_core), 0);
	} while (memchr(in_core, 1, sizeof in_core));
	check_eq(munmap(map, SIZE), 0);
}

static void *read_uncached(void *arg)
{
	(void)arg;
	drop_all();
	ssize_t n = weft_pread(fd, buffer, SIZE, 0);
	return (void *)(intptr_t)n;
}

/* The try itself has the kernel begin to read, which may be done before the kernel looks again: nothing was waited for then. So again. */
#define times_out(call)                                                                                                \
	do {                                                                                                           \
		ssize_t n_;                                                                                            \
		do {                                                                                                   \
			drop_all();                                                                                    \
			n_ = (call);                                                                                   \
		} while (n_ == SIZE && equal(0, SIZE));                                                                \
		check_eq(n_, -ETIMEDOUT);                                                                              \
	} while (0)

static ssize_t read_from_start(void)
{
	check_eq(lseek(fd, 0, SEEK_SET), 0);
	return weft_read_timeout(fd, buffer, SIZE, 0);
}

static void is_canceled(void)
{
	int err;
	ssize_t n;
	do {
		memset(buffer, 0, sizeof buffer);
		weft_t thread = spawn(NULL, read_uncached, NULL);
		weft_sleep(WEFT_MS(20));
		err = weft_cancel(thread);
		n = (intptr_t)join(thread);
	} while (n == SIZE && equal(0, SIZE));
	check_eq(err, 0);
	check_eq(n, -ECANCELED);
	for (size_t i = 0; i < SIZE; i++)
		check(buffer[i] == 0);
}

static void *take_back(void *arg)
{
	struct iovec iov[2] = { { buffer, 5000 }, { buffer + 5000, SIZE - 5000 } };
	int64_t offset = 0;
	int ends[2];
	check_eq(pipe(ends), 0);
	weft__file_tune.slow_ns = 0; /* after the first, nothing is done in place that may wait */
	weft__file_tune.avoid_ns = UINT64_MAX / 4;
	check_eq(weft_pwrite(fd, content, 1, 0), 1);
	weft_t holder = spawn(NULL, hold_the_pool, NULL);
	wait_until(get(held));
	check_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
	times_out(weft_pread_timeout(fd, buffer, SIZE, 0, WEFT_MS(1)));
	times_out(weft_pread_timeout(fd, buffer, SIZE, 0, 0));
	times_out(weft_pread_all_timeout(fd, buffer, SIZE, 0, 0));
	times_out(read_from_start());
	check_eq(weft_write_timeout(fd, content, 10, 0), -ETIMEDOUT);
	check_eq(weft_pwrite_timeout(fd, content, 10, 0, 0), -ETIMEDOUT);
	check_eq(weft_pwrite_all_timeout(fd, content, 10, 0, 0), -ETIMEDOUT);
	check_eq(weft_fsync_timeout(fd, 0), -ETIMEDOUT);
	check_eq(weft_copy_file_range_timeout(fd, &offset, fd, &offset, 1, 0, 0), -ETIMEDOUT);
	check_eq(weft_fdatasync_timeout(fd, WEFT_US(100)), -ETIMEDOUT);
	check_eq(weft_sendfile_timeout(ends[1], fd, &offset, 10, 0), -ETIMEDOUT);
	check_eq(weft_splice_timeout(fd, &offset, ends[1], NULL, 10, 0, 0), -ETIMEDOUT);
	check_eq(weft_tee_timeout(ends[0], ends[1], 10, 0, WEFT_US(100)), -EINVAL); /* the same pipe */
	is_canceled();
	/* The first pages are cached: what has been read is returned. (A try without waiting has the kernel read ahead, so it may be
	 * all of it by the last.) */
	drop_all();
	check_eq(pread(fd, buffer, 8192, 0), 8192);
	ssize_t n = weft_preadv_timeout(fd, iov, 2, 0, WEFT_MS(1));
	if (n < 8192 || n > SIZE || n % 4096)
		check_eq(n, 8192); /* to say what it is */
	check(equal(0, (size_t)n));
	check_eq(weft_pread_timeout(fd, buffer, 4096, 0, 0), 4096);
	set(gate, 1);
	join(holder);
	check_eq(weft_preadv_timeout(fd, iov, 2, 0, WEFT_S(60)), SIZE);
	drop_all();
	check_eq(weft_read_timeout(fd, buffer, SIZE, WEFT_S(60)), SIZE);
	check_eq(weft_read(fd, buffer, SIZE), 0);
	check(equal(0, SIZE));
	close(ends[0]);
	close(ends[1]);
	return arg;
}

START_TEST(taken_back)
{
	struct weft_config config = workers_at_least(1);
	set_up("/tmp");
	fd = make_file("file");
	drop_cache(fd);
	struct iovec iov = { buffer, 1 };
	if (preadv2(fd, &iov, 1, 0, 8 /* RWF_NOWAIT */) != -1 || errno != EAGAIN) {
		printf("skipped: this file system does not drop its cache, or the kernel cannot tell\n");
	} else {
		check_eq(weft_config_set_blocking_threads(&config, 1), 0);
		run_with(&config, take_back, NULL);
	}
	close(fd);
	tear_down();
}
END_TEST

/* --- failing system calls --- */

/* The hook is set before the runtime starts, as all threads read it; this is what it does. err 0: nothing. */
static struct {
	shared site, nth, err, calls;
} plan;

static int fail_nth(enum weft__os_site site)
{
	return get(plan.err) && site == get(plan.site) && add(plan.calls, 1) == get(plan.nth) ? -(int)get(plan.err) : 0;
}

/* Every result is the right one, a short one, or the error that was planned. */
static void fails_cleanly(ssize_t n, ssize_t right)
{
	int err = -(int)get(plan.err);
	if (!err)
		check_eq(n, right);
	check(n == right || n == err || (right > 0 && n > 0 && n < right));
}

static void use_with_faults(void)
{
	struct iovec iov[2] = { { buffer, 5000 }, { buffer + 5000, SIZE - 5000 } };
	struct statx about;
	int64_t offset = 0;
	int ends[2];
	check_eq(pipe(ends), 0);
	drop_cache(fd);
	fails_cleanly(weft_pread(fd, buffer, SIZE, 0), SIZE);
	ssize_t n = weft_preadv(fd, iov, 2, 0);
	fails_cleanly(n, SIZE);
	check(n < 0 || equal(0, (size_t)n));
	fails_cleanly(weft_pread_all(fd, buffer, SIZE, 0), SIZE);
	fails_cleanly(weft_pwrite(fd, content, SIZE, 0), SIZE);
	fails_cleanly(weft_pwrite_all(fd, content, SIZE, 0), SIZE);
	fails_cleanly(weft_fsync(fd), 0);
	fails_cleanly(weft_ftruncate(fd, SIZE), 0);
	fails_cleanly(weft_fallocate(fd, 0, 0, SIZE), 0);
	fails_cleanly(weft_statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &about), 0);
	fails_cleanly(weft_sendfile(ends[1], fd, &offset, 1000), 1000);
	fails_cleanly(weft_tee(ends[0], ends[1], 1000, 0), -EINVAL);
	fails_cleanly(weft_mkdir(folder, 0700), -EEXIST);
	close(ends[0]);
	close(ends[1]);
}

static void *fail_each(void *arg)
{
	static const struct {
		enum weft__os_site site;
		int err;
	} plans[] = { { WEFT__OS_READ, -EIO },	      { WEFT__OS_READ, -EAGAIN }, { WEFT__OS_READ, -EOPNOTSUPP },
		      { WEFT__OS_WRITE, -ENOSPC },    { WEFT__OS_FILE, -EIO },	  { WEFT__OS_FILE, -ENOMEM },
		      { WEFT__OS_WRITE, -EOPNOTSUPP } };
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		set(plan.site, plans[i].site);
		uint64_t nth = 1;
		do {
			set(plan.nth, nth);
			set(plan.calls, 0);
			set(plan.err, (uint64_t)-plans[i].err);
			use_with_faults();
			set(plan.err, 0);
		} while (get(plan.calls) >= nth++);
		check(nth > 3); /* the site is reached */
	}
	use_with_faults();
	return arg;
}

START_TEST(each_call_fails)
{
	set_up("/tmp");
	fd = make_file("file");
	weft__os_fault_hook = fail_nth;
	run(fail_each, NULL);
	close(fd);
	tear_down();
}
END_TEST

/* --- in place, or by the pool --- */

static shared inside, slow, wanted, most_inside;

/* Such that a slow call goes on until as many as wanted are inside at a time, and then for a while, for more to come. */
static int slow_down(enum weft__os_site site)
{
	if (site == WEFT__OS_WRITE)
		return -EOPNOTSUPP;
	if (site != WEFT__OS_FILE || !get(slow))
		return 0;
	uint64_t now = add(inside, 1), most = get(most_inside);
	while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now))
		;
	while (get(most_inside) < get(wanted))
		usleep(100);
	usleep((useconds_t)get(slow));
	add(inside, (uint64_t)-1);
	return 0;
}

static void *write_once(void *arg)
{
	check_eq(weft_pwrite(fd, content, 100, 0), 100);
	return arg;
}

static void *write_slowly_once(void *arg)
{
	uint32_t before = weft__blocking_threads();
	weft__file_tune.avoid_ns = UINT64_MAX / 4;
	write_once(NULL);
	set(slow, 5000);
	write_once(NULL); /* slow, wherever it is done */
	set(slow, 0);
	write_once(NULL);
	check(weft__blocking_threads() > before); /* so this was done by the pool */
	return arg;
}

static void *write_at_a_time(void *arg)
{
	weft_t thread[10];
	weft__file_tune.slow_ns = 0;
	weft__file_tune.avoid_ns = WEFT_MS(1);
	write_once(NULL); /* slow, by that measure; a while later it does not matter any more */
	weft_sleep(WEFT_MS(2));
	weft__file_tune.slow_ns = UINT64_MAX;
	set(wanted, 5); /* one by the pool, which has no more threads, and four in place */
	set(slow, 100000);
	for (int i = 0; i < 10; i++)
		thread[i] = spawn(NULL, write_once, NULL);
	for (int i = 0; i < 10; i++)
		join(thread[i]);
	check_eq(get(most_inside), 5);
	return arg;
}

static void with_slow_file(void *(*fn)(void *))
{
	struct weft_config config = workers_exactly(4);
	set_up("/tmp");
	fd = make_file("file");
	weft__os_fault_hook = slow_down;
	check_eq(weft_config_set_blocking_threads(&config, 1), 0);
	run_with(&config, fn, NULL);
	close(fd);
	tear_down();
}

START_TEST(in_place_while_quick)
{
	with_slow_file(write_slowly_once);
}
END_TEST

START_TEST(in_place_no_more_than_workers)
{
	with_slow_file(write_at_a_time);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { taken_back, each_call_fails, in_place_while_quick, in_place_no_more_than_workers,
				       NULL };
	return run_tests("system/file_wait", tests);
}
