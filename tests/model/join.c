/* SPDX-License-Identifier: MIT */
/*
 * Model: join and detach (src/sched/join.c, the end of a thread in spawn.c, record.h): two who want a thread's result,
 * one of them for ever, the other for a while, or detaching it, while the thread ends and its record is used again.
 *
 * Checked: of join and detach just one succeeds, and gets what the thread left; the record is freed once; who comes too
 * late changes nothing of the thread that has the record next, and wakes nobody who waits for that.
 */
#include <errno.h>

#include "src/sched/idle.h"
#include "src/sched/park.h"
#include "src/sched/spawn.h"
#include "tests/model/os.h"

enum { JOINER, OTHER, ENDING, NEXT, THREADS, RECORDS = 8 };

const unsigned model_threads = THREADS;
struct weft__tune weft__tune;
struct weft__pool weft__pool;

static struct weft__thread thread, next;
static struct weft__record *record;
static struct model_plain payload;
static unsigned successes;

static struct weft__record *get(void)
{
	weft__lock(&weft__pool.outside.lock);
	struct weft__record *r = weft__record_get(&weft__pool.outside.records);
	weft__unlock(&weft__pool.outside.lock);
	return r;
}

/* As src/sched/end.c and bound.c do. */
static void make(struct weft__thread *t, struct weft__record *r)
{
	*t = (struct weft__thread){ .kind = WEFT__BOUND, .record = r, .handle = weft__record_next_handle(r) };
	weft__store_rlx(&r->join, weft__join_word(t->handle, WEFT__JOIN_RUNNING));
	weft__store_rlx(&r->park, weft__park_word(t->handle));
	weft__store_rlx(&r->thread, t);
}

static void check(int err, void *result)
{
	if (err) {
		MODEL_ASSERT(err == -ESRCH || err == -EINVAL);
		return;
	}
	successes++;
	MODEL_ASSERT(result == &payload);
	MODEL_ASSERT(model_read(&payload) == 1);
}

static void join(void)
{
	void *result = NULL;
	int err = weft_join(thread.handle, &result);
	check(err, result);
}

static void join_for_a_while(void)
{
	void *result = NULL;
	int err = weft__join(thread.handle, &result, 1);
	if (err == -ETIMEDOUT)
		join();
	else
		check(err, result);
}

static void detach(void)
{
	int err = weft_detach(thread.handle);
	successes += err == 0;
	MODEL_ASSERT(err == 0 || err == -ESRCH || err == -EINVAL);
}

static void end(void)
{
	struct weft__record_cache mine = { 0 };
	model_write(&payload, 1);
	record->result = &payload;
	weft__store_rlx(&record->park, 0);
	weft__publish_end(NULL, record, thread.handle, &mine, false);
	weft__record_flush(&mine);
}

/* Another thread, which may get the record as soon as it is free. */
static void use_again(void)
{
	for (unsigned i = 0; i < 2 && !next.record; i++) {
		struct weft__record *r = get();
		if (r == record)
			make(&next, r);
		else
			model_yield(MODEL_HERE);
	}
	/* It too is waited for: in vain, but by then its joiner stands where the other's stood. */
	if (next.record)
		MODEL_ASSERT(weft__join(next.handle, NULL, 1) == -ETIMEDOUT);
}

void model_before(void)
{
	record = get();
	make(&thread, record);
}

void model_thread(unsigned index)
{
	if (index == JOINER)
		join();
	else if (index == ENDING)
		end();
	else if (index == NEXT)
		use_again();
	else if (model_choose(2))
		join_for_a_while();
	else
		detach();
}

void model_resumed(unsigned index)
{
	(void)index;
}

void model_after(void)
{
	struct weft__record *seen[RECORDS];
	MODEL_ASSERT(successes == 1);
	MODEL_ASSERT(weft_detach(thread.handle) == -ESRCH);
	MODEL_ASSERT(weft_unpark(thread.handle) == -ESRCH);
	if (next.record) {
		MODEL_ASSERT(weft__load_rlx(&record->join) == weft__join_word(next.handle, WEFT__JOIN_RUNNING));
		MODEL_ASSERT(weft__load_rlx(&record->park) == weft__park_word(next.handle));
		MODEL_ASSERT(next.handle != thread.handle);
	}
	for (unsigned i = 0; i < RECORDS; i++) {
		seen[i] = get();
		MODEL_ASSERT(seen[i] != next.record);
		for (unsigned j = 0; j < i; j++)
			MODEL_ASSERT(seen[i] != seen[j]);
	}
}
