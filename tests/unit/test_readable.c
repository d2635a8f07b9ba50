/* SPDX-License-Identifier: MIT */
/* src/os/readable.h: what can be read and what cannot, told without a fault or any other effect. */
#include "src/os/readable.h"

#include <signal.h>
#include <sys/mman.h>

#include "tests/support/support.h"

static uint64_t word = 1;

START_TEST(what_can_be_read)
{
	static const uint64_t constant = 2;
	uint64_t local = 3;
	ck_assert(weft__os_readable(&word));
	ck_assert(weft__os_readable(&constant));
	ck_assert(weft__os_readable(&local));
}
END_TEST

START_TEST(what_cannot)
{
	const size_t size = 4 * weft__os_page_size();
	char *memory = weft__os_map(size);
	ck_assert(weft__os_readable(memory));
	ck_assert_int_eq(mprotect(memory, size, PROT_NONE), 0);
	ck_assert(!weft__os_readable(memory));
	weft__os_unmap(memory, size);
	ck_assert(!weft__os_readable(memory));
	const uintptr_t nowhere[] = { 0, 8, 0x4141414141414140, UINTPTR_MAX - 7 };
	for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
		ck_assert(!weft__os_readable((const void *)nowhere[i]));
}
END_TEST

START_TEST(a_guard)
{
	const size_t size = 4 * weft__os_page_size();
	struct iovec guard = { weft__os_map(2 * size), size };
	ck_assert_int_eq(weft__os_guard(&guard, 1), 0);
	ck_assert(!weft__os_readable(guard.iov_base));
	ck_assert(weft__os_readable((char *)guard.iov_base + size));
}
END_TEST

START_TEST(nothing_changes)
{
	sigset_t before, after;
	const uint64_t all = UINT64_MAX;
	sigprocmask(SIG_SETMASK, NULL, &before);
	errno = 77;
	ck_assert(weft__os_readable(&all));
	ck_assert(!weft__os_readable(NULL));
	ck_assert_int_eq(errno, 77);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int sig = 1; sig < 32; sig++)
		ck_assert_int_eq(sigismember(&before, sig), sigismember(&after, sig));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_can_be_read, what_cannot, a_guard, nothing_changes, NULL };
	return run_tests("unit/readable", tests);
}
