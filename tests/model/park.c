/* SPDX-License-Identifier: MIT */
/*
 * Model: the permit (src/sched/permit.c and the park word of record.h) with two threads that give it, one that takes it,
 * and timers that end some of its waits (src/time/sleep.c, timer.c). The taker is a green thread, which may be resumed
 * on another worker, or (MODEL_PARK_BOUND) a bound one.
 *
 * Checked: no permit is lost (the taker goes on till it has seen both: else a deadlock) or counts twice; each wait is
 * ended once (nothing runnable is left over); what a giver did before is seen by who took its permit.
 */
#include <errno.h>

#include "src/sched/park.h"
#include "src/sched/spawn.h"
#include "tests/model/os.h"
#include "tests/model/resume.h"
#include "weft/thread.h"

enum { TAKER, GIVER, OTHER_GIVER, MONITOR, GIVERS = 2 };

#ifdef MODEL_PARK_BOUND
enum { BOUND = 1 };
#else
enum { BOUND = 0 };
#endif

const unsigned model_threads = BOUND ? 3 : 4;

static struct weft__thread taker;
static struct model_plain payload[GIVERS];
static unsigned woken;

static void take(void)
{
	unsigned timed = 2;
	while (taker.seen < GIVERS * WEFT__PERMIT) {
		int err = timed && model_choose(2) ? timed--, weft_park_timeout(1) : weft_park();
		MODEL_ASSERT(err == 0 || err == -ETIMEDOUT);
		woken += err == 0;
	}
	for (unsigned i = 0; i < GIVERS; i++)
		MODEL_ASSERT(model_read(&payload[i]) == 1);
}

static void give(unsigned i)
{
	model_write(&payload[i], 1);
	MODEL_ASSERT(weft_unpark(taker.handle) == 0);
}

void model_before(void)
{
	struct weft__record_cache records = { 0 };
	taker.kind = BOUND ? WEFT__BOUND : WEFT__GREEN;
	taker.record = weft__record_get(&records);
	taker.handle = weft__record_next_handle(taker.record);
	weft__store_rlx(&taker.record->join, weft__join_word(taker.handle, WEFT__JOIN_DETACHED));
	weft__store_rlx(&taker.record->park, weft__park_word(taker.handle));
	weft__store_rlx(&taker.record->thread, &taker);
	model_workers_begin(&taker, BOUND);
}

void model_thread(unsigned index)
{
	if (index == TAKER)
		take();
	else if (index != MONITOR)
		give(index - GIVER);
	else
		for (unsigned i = 0; i < 3; i++)
			model_fire_overdue();
}

void model_resumed(unsigned index)
{
	if (BOUND)
		weft__set_kernel_self(index == TAKER ? &taker : NULL);
}

void model_after(void)
{
	MODEL_ASSERT(woken <= GIVERS);
	model_workers_end();
}
