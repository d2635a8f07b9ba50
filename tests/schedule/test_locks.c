/* SPDX-License-Identifier: MIT */
/* Contests for mutexes, reader-writer locks and condition variables (tests/schedule/contest.h says what is checked). */
#include "tests/schedule/contest.h"

static struct weft_mutex mutex;
static struct weft_rwlock rwlock;
static struct weft_cond cond;
static int tokens, inside;

/* --- mutexes --- */

static void begin_mutex(void)
{
	mutex = (struct weft_mutex)WEFT_MUTEX_INIT;
	inside = 0;
}

static void begin_recursive(void)
{
	mutex = (struct weft_mutex)WEFT_MUTEX_RECURSIVE_INIT;
	inside = 0;
}

static void begin_robust(void)
{
	mutex = (struct weft_mutex)WEFT_MUTEX_ROBUST_INIT;
	inside = 0;
}

static void hold_mutex(void)
{
	check_eq(weft_mutex_lock(&mutex), 0);
	inside++;
}

static int wait_mutex(int who, uint64_t limit)
{
	(void)who;
	int err = limit == WEFT_FOREVER ? weft_mutex_lock(&mutex) : weft_mutex_lock_timeout(&mutex, limit);
	if (err == -EOWNERDEAD) {
		check_eq(weft_mutex_consistent(&mutex), 0);
		check_eq(inside--, 1);
		err = 0;
	}
	if (!err)
		check_eq(++inside, 1);
	return err;
}

static void unlock_mutex(void)
{
	check_eq(--inside, 0);
	check_eq(weft_mutex_unlock(&mutex), 0);
}

static void leave_mutex(int who, int result)
{
	(void)who;
	if (result)
		return;
	weft_yield();
	unlock_mutex();
}

/* One of the recursive: has it twice. */
static void leave_recursive(int who, int result)
{
	if (!result) {
		check_eq(weft_mutex_lock(&mutex), 0);
		weft_yield();
		check_eq(weft_mutex_unlock(&mutex), 0);
	}
	leave_mutex(who, result);
}

static void end_mutex(void)
{
	check_eq(weft_mutex_trylock(&mutex), 0);
	check_eq(weft_mutex_unlock(&mutex), 0);
}

/* Its owner ends. */
static void die(void)
{
}

/* --- reader-writer lock --- */

static void begin_rwlock(void)
{
	rwlock = (struct weft_rwlock)WEFT_RWLOCK_INIT;
	inside = 0;
}

static void hold_for_reading(void)
{
	check_eq(weft_rwlock_rdlock(&rwlock), 0);
}

static void hold_for_writing(void)
{
	check_eq(weft_rwlock_wrlock(&rwlock), 0);
}

static void unlock_rwlock(void)
{
	check_eq(weft_rwlock_unlock(&rwlock), 0);
}

static int wait_to_write(int who, uint64_t limit)
{
	(void)who;
	int err = limit == WEFT_FOREVER ? weft_rwlock_wrlock(&rwlock) : weft_rwlock_wrlock_timeout(&rwlock, limit);
	if (!err)
		check_eq(inside++, 0);
	return err;
}

static int wait_to_read(int who, uint64_t limit)
{
	(void)who;
	return limit == WEFT_FOREVER ? weft_rwlock_rdlock(&rwlock) : weft_rwlock_rdlock_timeout(&rwlock, limit);
}

static void leave_written(int who, int result)
{
	(void)who;
	if (result)
		return;
	weft_yield();
	check_eq(--inside, 0);
	unlock_rwlock();
}

static void leave_read(int who, int result)
{
	(void)who;
	if (!result)
		unlock_rwlock();
}

static int wait_to_do_either(int who, uint64_t limit)
{
	return who & 1 ? wait_to_read(who, limit) : wait_to_write(who, limit);
}

static void leave_either(int who, int result)
{
	if (who & 1)
		leave_read(who, result);
	else
		leave_written(who, result);
}

static void end_rwlock(void)
{
	check_eq(weft_rwlock_wrlock_timeout(&rwlock, 0), 0);
	check_eq(weft_rwlock_unlock(&rwlock), 0);
}

/* --- condition variable: one token, a signal for each time that it is put down --- */

static void begin_cond(void)
{
	mutex = (struct weft_mutex)WEFT_MUTEX_INIT;
	cond = (struct weft_cond)WEFT_COND_INIT;
	tokens = 0;
}

static int wait_cond(int who, uint64_t limit)
{
	(void)who;
	int err = weft_mutex_lock(&mutex);
	if (err)
		return err;
	while (!err && !tokens)
		err = limit == WEFT_FOREVER ? weft_cond_wait(&cond, &mutex)
					    : weft_cond_wait_timeout(&cond, &mutex, limit);
	if (!err)
		tokens--;
	check_eq(weft_mutex_unlock(&mutex), 0);
	return err;
}

static void put_token(void)
{
	check_eq(weft_mutex_lock(&mutex), 0);
	tokens++;
	check_eq(weft_mutex_unlock(&mutex), 0);
	check_eq(weft_cond_signal(&cond), 0);
}

static void put_token_inside(void)
{
	check_eq(weft_mutex_lock(&mutex), 0);
	tokens++;
	check_eq(weft_cond_signal(&cond), 0);
	check_eq(weft_mutex_unlock(&mutex), 0);
}

static void give_token_on(int who, int result)
{
	if (!result)
		(who ? put_token : put_token_inside)();
}

static void end_cond(void)
{
	check_eq(tokens, 1);
	end_mutex();
}

static struct contest contests[] = {
	{ .name = "mutex",
	  .begin = begin_mutex,
	  .prepare = hold_mutex,
	  .wait = wait_mutex,
	  .provide = unlock_mutex,
	  .over = leave_mutex,
	  .end = end_mutex },
	{ .name = "mutex, recursive",
	  .begin = begin_recursive,
	  .prepare = hold_mutex,
	  .wait = wait_mutex,
	  .provide = unlock_mutex,
	  .over = leave_recursive,
	  .end = end_mutex },
	{ .name = "mutex, robust",
	  .begin = begin_robust,
	  .prepare = hold_mutex,
	  .wait = wait_mutex,
	  .provide = die,
	  .over = leave_mutex,
	  .end = end_mutex },
	{ .name = "rwlock, readers",
	  .begin = begin_rwlock,
	  .prepare = hold_for_writing,
	  .wait = wait_to_read,
	  .provide = unlock_rwlock,
	  .over = leave_read,
	  .end = end_rwlock },
	{ .name = "rwlock, writers",
	  .begin = begin_rwlock,
	  .prepare = hold_for_reading,
	  .wait = wait_to_write,
	  .provide = unlock_rwlock,
	  .over = leave_written,
	  .end = end_rwlock },
	{ .name = "rwlock, both",
	  .begin = begin_rwlock,
	  .prepare = hold_for_reading,
	  .wait = wait_to_do_either,
	  .provide = unlock_rwlock,
	  .over = leave_either,
	  .end = end_rwlock },
	{ .name = "condition variable",
	  .begin = begin_cond,
	  .wait = wait_cond,
	  .provide = put_token,
	  .over = give_token_on,
	  .end = end_cond },
	{ .name = NULL },
};

int main(void)
{
	return run_contests("schedule/locks", contests);
}
