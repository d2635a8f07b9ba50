/* SPDX-License-Identifier: MIT */
/* Contests for what is waited for without a lock: semaphore, event, wait group, barrier, once (tests/schedule/contest.h says what is checked). */
#include "tests/schedule/contest.h"

static struct weft_sem sem;
static struct weft_event event;
static struct weft_waitgroup group;
static struct weft_barrier barrier;
static struct weft_once only;
static int done;

/* --- semaphore --- */

static void begin_sem(void)
{
	sem = (struct weft_sem)WEFT_SEM_INIT(0);
}

static int wait_sem(int who, uint64_t limit)
{
	(void)who;
	return limit == WEFT_FOREVER ? weft_sem_acquire(&sem) : weft_sem_acquire_timeout(&sem, limit);
}

static void release_sem(void)
{
	check_eq(weft_sem_release(&sem, 1), 0);
}

static void give_on_sem(int who, int result)
{
	(void)who;
	if (!result)
		release_sem();
}

static void end_sem(void)
{
	check_eq(weft_sem_tryacquire(&sem), 0);
	check_eq(weft_sem_tryacquire(&sem), -EAGAIN);
}

/* --- event, wait group --- */

static void begin_event(void)
{
	event = (struct weft_event)WEFT_EVENT_INIT;
}

static int wait_event(int who, uint64_t limit)
{
	(void)who;
	return limit == WEFT_FOREVER ? weft_event_wait(&event) : weft_event_wait_timeout(&event, limit);
}

static void set_event(void)
{
	check_eq(weft_event_set(&event), 0);
}

static void begin_group(void)
{
	group = (struct weft_waitgroup)WEFT_WAITGROUP_INIT;
	check_eq(weft_waitgroup_add(&group, 2), 0);
}

static int wait_group(int who, uint64_t limit)
{
	(void)who;
	return limit == WEFT_FOREVER ? weft_waitgroup_wait(&group) : weft_waitgroup_wait_timeout(&group, limit);
}

static void be_done(void)
{
	check_eq(weft_waitgroup_done(&group), 0);
	weft_yield();
	check_eq(weft_waitgroup_done(&group), 0);
}

/* --- barrier of two. The patient ones and the provider are an even number; who is hurried and met somebody comes again. --- */

static void begin_barrier(void)
{
	barrier = (struct weft_barrier)WEFT_BARRIER_INIT(2);
}

static int wait_barrier(int who, uint64_t limit)
{
	(void)who;
	int err = limit == WEFT_FOREVER ? weft_barrier_wait(&barrier) : weft_barrier_wait_timeout(&barrier, limit);
	return err < 0 ? err : 0;
}

static void come_to_barrier(void)
{
	check_eq(wait_barrier(1, WEFT_FOREVER), 0);
}

static void come_again(int who, int result)
{
	if (is_hurried(who) && !result)
		come_to_barrier();
}

/* --- once: nobody goes on before it is done, and who gives up does not undo it --- */

static void begin_once(void)
{
	only = (struct weft_once)WEFT_ONCE_INIT;
	event = (struct weft_event)WEFT_EVENT_INIT;
	done = 0;
}

static void initialize(void *arg)
{
	(void)arg;
	check_eq(weft_cancel_mask(), 0);
	check_eq(weft_event_wait(&event), 0);
	check_eq(weft_cancel_unmask(), 0);
	done++;
}

static int wait_once(int who, uint64_t limit)
{
	(void)who, (void)limit;
	int err = weft_once(&only, initialize, NULL);
	if (!err)
		check_eq(done, 1);
	return err;
}

static void end_once(void)
{
	check_eq(done, 1);
}

static struct contest contests[] = {
	{ .name = "semaphore",
	  .begin = begin_sem,
	  .wait = wait_sem,
	  .provide = release_sem,
	  .over = give_on_sem,
	  .end = end_sem },
	{ .name = "event", .begin = begin_event, .wait = wait_event, .provide = set_event },
	{ .name = "wait group", .begin = begin_group, .wait = wait_group, .provide = be_done },
	{ .name = "barrier",
	  .begin = begin_barrier,
	  .wait = wait_barrier,
	  .provide = come_to_barrier,
	  .over = come_again },
	{ .name = "once",
	  .begin = begin_once,
	  .wait = wait_once,
	  .provide = set_event,
	  .end = end_once,
	  .untimed = true },
	{ .name = NULL },
};

int main(void)
{
	return run_contests("schedule/waits", contests);
}
