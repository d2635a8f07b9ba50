/* SPDX-License-Identifier: MIT */
/*
 * select-2, select-16: a select among so many channels that are all ready: to every other it sends, from those between
 * it receives. A batch is as long as a channel has room or elements for, and they are filled and emptied again between
 * batches; so no case ever stops being ready.
 */
#include "harness.h"

#define MOST 16
#define BATCH 128

struct choice {
	struct weft_chan *chans[MOST];
	struct weft_case cases[MOST];
	uint64_t element, n;
};

static bool make(struct choice *c)
{
	for (uint64_t i = 0; i < c->n; i++) {
		if (weft_chan_create(&c->chans[i], sizeof(uint64_t), BATCH) != 0)
			return false;
		c->cases[i] = (struct weft_case){ .chan = c->chans[i],
						  .element = &c->element,
						  .kind = i % 2 ? WEFT_RECV : WEFT_SEND };
	}
	return true;
}

/* Those to send to are empty, the others full. */
static void reset(const struct choice *c)
{
	for (uint64_t i = 0; i < c->n; i++)
		if (c->cases[i].kind == WEFT_SEND)
			while (weft_chan_tryrecv(c->chans[i], NULL) == 0)
				;
		else
			while (weft_chan_trysend(c->chans[i], &c->element) == 0)
				;
}

/* How many elements went in or out since then. */
static uint64_t moved(const struct choice *c)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < c->n; i++) {
		size_t count = weft_chan_count(c->chans[i]);

		sum += c->cases[i].kind == WEFT_SEND ? count : BATCH - count;
	}
	return sum;
}

static void choose(struct run *r)
{
	struct batch *b = &r->batch;
	struct choice c = { .n = r->size };

	batch_check(b, make(&c), "no channels");
	while (batch_more(b)) {
		int failed = 0;

		reset(&c);
		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++)
			failed |= weft_select(c.cases, (unsigned)c.n);
		batch_stop(b);
		batch_check(b, failed >= 0 && moved(&c) == b->ops, "not each select did one of its cases");
	}
}

const struct bench bench_select_2 = {
	.rows = { "select-2" },
	.units = { "ns" },
	.what = "a select among 2 channels that are all ready",
	.body = { choose },
	.size = { 2 },
	.per_unit = BATCH / 2,
	.fixed = true,
};

const struct bench bench_select_16 = {
	.rows = { "select-16" },
	.units = { "ns" },
	.what = "a select among 16 channels that are all ready",
	.body = { choose },
	.size = { 16 },
	.per_unit = BATCH / 16,
	.fixed = true,
};
