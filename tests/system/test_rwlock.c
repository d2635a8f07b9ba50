/* SPDX-License-Identifier: MIT */
/* The reader-writer lock: exclusion between all kinds of threads, time limits, and turns, in both directions. */
#include "tests/support/child.h"
#include "tests/support/crew.h"

static struct weft_rwlock lock = WEFT_RWLOCK_INIT;
static uint64_t first, second; /* under lock: equal */
static shared readers, most;

static bool lock_somehow(struct member *m, bool writer)
{
	uint64_t limit = pick(m, 4) ? pick(m, 300000) : pick(m, 2) ? WEFT_FOREVER : 0;
	if (pick(m, 3) == 0) {
		check_eq(writer ? weft_rwlock_wrlock(&lock) : weft_rwlock_rdlock(&lock), 0);
		return true;
	}
	int err = writer ? weft_rwlock_wrlock_timeout(&lock, limit) : weft_rwlock_rdlock_timeout(&lock, limit);
	check(err == 0 || (err == -ETIMEDOUT && limit != WEFT_FOREVER));
	return err == 0;
}

static void pause_somehow(struct member *m)
{
	if (pick(m, 8) == 0)
		weft_yield();
	if (pick(m, 300) == 0)
		weft_sleep(WEFT_US(100));
}

static void *read_and_write(void *arg)
{
	struct member *m = arg;
	for (int i = 0; i < rounds(3000); i++) {
		bool writer = pick(m, 4) == 0;
		if (!lock_somehow(m, writer))
			continue;
		check_eq(first, second);
		if (writer) {
			check_eq(get(readers), 0);
			first++;
			pause_somehow(m);
			second++;
			m->got++;
		} else {
			uint64_t n = add(readers, 1);
			if (n > get(most))
				set(most, n);
			pause_somehow(m);
			add(readers, -1);
		}
		check_eq(weft_rwlock_unlock(&lock), 0);
	}
	return NULL;
}

START_TEST(excludes)
{
	uint64_t got = crew_run(12, read_and_write);
	ck_assert_uint_eq(first, got);
	ck_assert_uint_eq(second, got);
	printf("readers at once: %llu\n", (unsigned long long)get(most));
	ck_assert_int_eq(weft_rwlock_wrlock_timeout(&lock, 0), 0); /* nobody was left in it */
	ck_assert_int_eq(weft_rwlock_rdlock_timeout(&lock, 0), -ETIMEDOUT);
	ck_assert_int_eq(weft_rwlock_wrlock_timeout(&lock, WEFT_MS(1)), -ETIMEDOUT);
	ck_assert_int_eq(weft_rwlock_unlock(&lock), 0);
}
END_TEST

/* What happened, as letters; one worker. */
static char history[64];
static size_t length;

static void note(char what)
{
	history[length++] = what;
	history[length] = 0;
}

static void *write_once(void *arg)
{
	check_eq(weft_rwlock_wrlock(&lock), 0);
	note('W');
	weft_yield();
	note('w');
	check_eq(weft_rwlock_unlock(&lock), 0);
	return arg;
}

static void *read_once(void *arg)
{
	check_eq(weft_rwlock_rdlock(&lock), 0);
	note('R');
	weft_yield();
	note('r');
	check_eq(weft_rwlock_unlock(&lock), 0);
	return arg;
}

/* The same threads are started in this order while the lock is held: each runs at once, and waits. */
static void start_all(const char *kinds, weft_t *thread)
{
	for (; *kinds; kinds++)
		*thread++ = spawn(WEFT_GREEN, *kinds == 'W' ? write_once : read_once, NULL);
}

/* While somebody writes, writers and readers come in turn. Then: all the readers, the first writer, the second. */
static void *after_a_writer(void *arg)
{
	weft_t thread[6];
	check_eq(weft_rwlock_wrlock(&lock), 0);
	start_all("WRWRR", thread);
	check_eq(weft_rwlock_unlock(&lock), 0);
	check_eq(weft_rwlock_rdlock_timeout(&lock, 0), -ETIMEDOUT); /* as writers wait */
	thread[5] = spawn(WEFT_GREEN, read_once, NULL);		    /* this one goes between them */
	for (int i = 0; i < 6; i++)
		join(thread[i]);
	return arg;
}

START_TEST(readers_between_writers)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, after_a_writer, NULL);
	ck_assert_str_eq(history, "RRRrrrWwRrWw");
}
END_TEST

/* Readers hold it and more come, so that it would never be free: a writer stops those that come after it. */
static void *after_a_reader(void *arg)
{
	weft_t thread[3];
	check_eq(weft_rwlock_rdlock(&lock), 0);
	check_eq(weft_rwlock_rdlock_timeout(&lock, 0), 0);
	start_all("WRR", thread);
	check_eq(weft_rwlock_rdlock_timeout(&lock, 0), -ETIMEDOUT);
	check_eq(weft_rwlock_unlock(&lock), 0);
	weft_yield();
	ck_assert_str_eq(history, "");
	check_eq(weft_rwlock_unlock(&lock), 0);
	for (int i = 0; i < 3; i++)
		join(thread[i]);
	return arg;
}

START_TEST(writer_between_readers)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, after_a_reader, NULL);
	ck_assert_str_eq(history, "WwRRrr");
}
END_TEST

static void *give_up_writing(void *arg)
{
	check_eq(weft_rwlock_wrlock_timeout(&lock, WEFT_MS(10)), -ETIMEDOUT);
	return arg;
}

/* Readers that wait behind a writer go when it gives up, though nobody unlocks. */
static void *writer_gives_up(void *arg)
{
	const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };
	for (int i = 0; i < 4; i++) {
		check_eq(weft_rwlock_rdlock(&lock), 0);
		weft_t writer = spawn(kinds[i & 1], give_up_writing, NULL);
		wait_until(weft_rwlock_rdlock_timeout(&lock, 0) == -ETIMEDOUT || weft_rwlock_unlock(&lock) != 0 ||
			   weft_join_timeout(writer, NULL, 0) == 0);
		weft_t reader = spawn(kinds[i >> 1], read_once, NULL);
		join(reader);
		check_eq(weft_rwlock_unlock(&lock), 0);
		weft_join(writer, NULL);
	}
	return arg;
}

START_TEST(a_writer_that_gives_up)
{
	run(writer_gives_up, NULL);
	ck_assert_str_eq(history, "RrRrRrRr");
}
END_TEST

/* With kernel threads in it nothing is exact, but each kind gets in while the other never stops. */
static shared over;

static void *one_against_many(void *arg)
{
	struct member *m = arg;
	bool writer = m->index == 0; /* green; the rest read, and never let it become free by themselves */
	for (int i = 0; writer ? i < rounds(100) : !get(over); i++) {
		check_eq(writer ? weft_rwlock_wrlock(&lock) : weft_rwlock_rdlock(&lock), 0);
		weft_sleep(writer ? 0 : WEFT_US(200));
		check_eq(weft_rwlock_unlock(&lock), 0);
	}
	if (writer)
		set(over, 1);
	return NULL;
}

START_TEST(writer_among_readers)
{
	crew_run(9, one_against_many);
}
END_TEST

static int unlock_unheld(void *arg)
{
	(void)arg;
	weft_rwlock_unlock(&lock);
	return 0;
}

START_TEST(misuse_panics)
{
	struct child child = run_child(unlock_unheld, NULL);
	ck_died(&child, SIGABRT);
	ck_said(&child, "nobody holds");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { excludes,
				       readers_between_writers,
				       writer_between_readers,
				       a_writer_that_gives_up,
				       writer_among_readers,
				       misuse_panics,
				       NULL };
	return run_tests("system/rwlock", tests);
}
