/* SPDX-License-Identifier: MIT */
/*
 * Model: the biased lock (src/sched/bias.h, bias.c) around a run queue's lane (ring.h, ring.c), with its owner, a seizer
 * that gives up and one that does not.
 *
 * Checked: whoever is in is alone in (`inside` is a plain variable, any race on it is found); each thread pushed comes out
 * once, with what its pusher wrote before; a poke is not lost.
 */
#include "src/sched/bias.h"
#include "src/sched/ring.h"
#include "src/sched/tune.h"
#include "tests/model/os.h"

enum { OWNER, HASTY, PATIENT, THREADS, PUSHES = 3 };

const unsigned model_threads = THREADS;
struct weft__tune weft__tune = { .ring_initial = 1, .ring_max = 2 };

struct weft__thread {
	struct model_plain payload;
	unsigned taken;
	bool pushed;
};

static struct weft__bias bias;
static struct weft__ring ring;
static struct model_plain inside;
static struct weft__thread thread[PUSHES];
static unsigned entries, pokes;

static void work(void)
{
	model_write(&inside, model_read(&inside) + 1);
}

static void take(struct weft__thread *t)
{
	if (t)
		MODEL_ASSERT(model_read(&t->payload) == (uint64_t)(t - thread) + 1 && t->taken++ == 0);
}

static void own(void)
{
	for (unsigned i = 0; i < PUSHES; i++) {
		model_write(&thread[i].payload, i + 1);
		pokes += weft__bias_enter(&bias);
		entries++;
		work();
		thread[i].pushed = weft__ring_push(&ring, &thread[i]);
		weft__bias_leave(&bias);
	}
	pokes += weft__bias_enter(&bias);
	entries++;
	work();
	struct weft__thread *t = weft__ring_pop_back(&ring);
	weft__bias_leave(&bias);
	take(t);
}

static void seize(bool patient)
{
	if (patient)
		weft__bias_seize_wait(&bias);
	else if (!weft__bias_seize(&bias))
		return;
	entries++;
	work();
	struct weft__thread *t = weft__ring_pop_front(&ring);
	weft__bias_release(&bias);
	take(t);
}

void model_before(void)
{
	weft__ring_init(&ring, weft__tune.ring_initial);
	if (model_fences == MODEL_SYMMETRIC)
		weft__store_rlx(&bias.attention, WEFT__BIAS_SYMMETRIC);
}

void model_thread(unsigned index)
{
	if (index == OWNER)
		own();
	else
		seize(index == PATIENT);
	if (index == HASTY) {
		weft__bias_poke(&bias);
		seize(false);
	}
}

void model_resumed(unsigned index)
{
	(void)index;
}

void model_after(void)
{
	pokes += weft__bias_enter(&bias);
	MODEL_ASSERT(model_read(&inside) == entries);
	MODEL_ASSERT(pokes == 1);
	for (struct weft__thread *t; (t = weft__ring_pop_front(&ring));)
		take(t);
	for (unsigned i = 0; i < PUSHES; i++)
		MODEL_ASSERT(thread[i].taken == thread[i].pushed);
	weft__ring_destroy(&ring);
}
