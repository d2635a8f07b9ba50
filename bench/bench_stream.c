/* SPDX-License-Identifier: MIT */
/*
 * chan-stream, chan-stream-2: one or two units send elements of 8 bytes through one channel with room for 128, and one
 * receives them. The figure is a rate: millions of elements a second. The sum of what came tells that all came, once.
 * chan-stream-across: one sends, and the two are kept apart (pair.h), where chan-stream leaves green threads to the scheduler.
 */
#include "channel.h"
#include "crew.h"
#include "pair.h"

static struct {
	struct pair pair;
	union channel channel;
} * table;

MODEL_INLINE void *producer(void *arg, const struct model *m)
{
	struct member *self = arg;

	pair_enter(m, 1);
	crew_sit(self, m);
	while (crew_wait(self, m)) {
		pair_turn(&table->pair, 1);
		for (uint64_t i = 0, n = self->crew->rounds; i < n; i++)
			channel_send(&table->channel, i, m);
	}
	return self;
}
MODEL_THREAD(producer)

/* The green threads' model, but that it spawns for side 1. */
static int spawn_producer(union unit *unit, void *(*fn)(void *), void *arg)
{
	return pair_spawn(&table->pair, &model_green, unit, 1, fn, arg);
}

MODEL_INLINE uint64_t receive(uint64_t n, const struct model *m)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += channel_recv(&table->channel, m);
	return sum;
}

MODEL_INLINE void measure(struct crew *c, const struct model *m)
{
	struct batch *b = &c->run->batch;
	uint64_t producers = c->run->size;

	while (batch_more(b)) {
		uint64_t each = b->ops / producers, sum;

		c->rounds = each;
		batch_start(b);
		crew_call(c, m);
		sum = receive(b->ops, m);
		batch_stop(b);
		pair_turn(&table->pair, 0);
		batch_check(b, table->pair.together == 0, "the two were on one worker");
		batch_check(b, sum == producers * (each * (each - 1) / 2), "elements were lost, or came twice");
	}
}

/* Side 0. */
MODEL_INLINE void *consumer(void *arg, const struct model *m)
{
	struct run *r = arg;
	struct model spawner = *m;
	struct crew *c;

	if (m->id == MODEL_GREEN)
		spawner.spawn = spawn_producer;
	pair_enter(m, 0);
	c = crew_make(r, &spawner, MODEL_OF(producer, m));
	if (!c)
		return r;
	measure(c, m);
	batch_check(&r->batch, crew_end(c, m), "a producer was lost");
	return r;
}
MODEL_THREAD(consumer)

MODEL_INLINE void stream_of(struct run *r, const struct model *m, bool apart)
{
	table = system_shared(sizeof(*table));
	if (!table || !channel_make(&table->channel, m, CHANNEL_CAPACITY)) {
		batch_fail(&r->batch, "no shared memory, or no channel");
		return;
	}
	table->pair.apart = apart;
	table->pair.watched = apart;
	pair_run(&table->pair, m, r, MODEL_OF(consumer, m));
}

MODEL_INLINE void stream(struct run *r, const struct model *m)
{
	stream_of(r, m, false);
}
MODEL_BODY(stream)

MODEL_INLINE void across(struct run *r, const struct model *m)
{
	stream_of(r, m, true);
}
MODEL_BODY(across)

const struct bench bench_chan_stream = {
	.rows = { "chan-stream" },
	.units = { "Melem" },
	.what = "elements a second through a channel with room for 128",
	.body = MODEL_BODIES(stream),
	.size = { 1, 1, 1 },
	.flags = BENCH_RATE,
};

const struct bench bench_chan_stream_across = {
	.rows = { "chan-stream-across" },
	.units = { "Melem" },
	.what = "the same, the two on different cores",
	.body = MODEL_BODIES(across),
	.size = { 1, 1, 1 },
	.flags = BENCH_RATE | BENCH_TWO_CPUS,
};

const struct bench bench_chan_stream_2 = {
	.rows = { "chan-stream-2" },
	.units = { "Melem" },
	.what = "chan-stream, from two producers",
	.body = MODEL_BODIES(stream),
	.size = { 2, 2, 2 },
	.per_unit = 1,
	.flags = BENCH_RATE,
};
