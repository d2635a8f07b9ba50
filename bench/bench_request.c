/* SPDX-License-Identifier: MIT */
/*
 * request-each, request-pool: requests of about 2 us of computing are handed out as fast as they get done, to a unit that is made for
 * each, up to 64 at a time; or to eight that live on (a thread pool, pre-forked processes) and take them from one channel of the
 * model's. The figure is a rate: millions a second.
 */
#include "channel.h"
#include "crew.h"
#include "work.h"

enum { STEPS = 2000 };

static void *request(void *arg)
{
	return (void *)(uintptr_t)(work(STEPS, (uintptr_t)arg) != 0);
}

MODEL_INLINE void each(struct run *r, const struct model *m)
{
	work_fan_out(r, m, request);
}
MODEL_BODY(each)

static union channel *requests;

/* A request of 0 is the end of the day. */
MODEL_INLINE void *server(void *arg, const struct model *m)
{
	struct member *self = arg;
	struct crew *c = self->crew;
	uint64_t number;

	crew_sit(self, m);
	while ((number = channel_recv(requests, m)) != 0) {
		(void)work(STEPS, number);
		if (atomic_fetch_sub(&c->left, 1) == 1)
			m->unpark(&c->boss);
	}
	return self;
}
MODEL_THREAD(server)

MODEL_INLINE void serve(struct batch *b, struct crew *c, const struct model *m)
{
	while (batch_more(b)) {
		c->left = b->ops;
		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++)
			channel_send(requests, i + 1, m);
		m->park(&c->boss);
		batch_stop(b);
		batch_check(b, c->left == 0, "not every request was served");
	}
	for (uint64_t i = 0; i < c->run->size; i++)
		channel_send(requests, 0, m);
}

MODEL_INLINE void pool(struct run *r, const struct model *m)
{
	struct crew *c;

	requests = system_shared(sizeof(*requests));
	if (!requests || !channel_make(requests, m, CHANNEL_CAPACITY)) {
		batch_fail(&r->batch, "no shared memory, or no channel");
		return;
	}
	c = crew_make(r, m, MODEL_OF(server, m));
	if (!c)
		return;
	serve(&r->batch, c, m);
	batch_check(&r->batch, crew_end(c, m), "a server was lost");
}
MODEL_BODY(pool)

const struct bench bench_request_each = {
	.rows = { "request-each" },
	.units = { "Mops" },
	.what = "millions of requests a second, a unit made for each",
	.body = MODEL_BODIES(each),
	.size = { 64, 64, 64 },
	.flags = BENCH_RATE,
};

const struct bench bench_request_pool = {
	.rows = { "request-pool" },
	.units = { "Mops" },
	.what = "millions of requests a second, by eight units that live on",
	.body = MODEL_BODIES(pool),
	.size = { 8, 8, 8 },
	.flags = BENCH_RATE,
};
