/* SPDX-License-Identifier: MIT */
/*
 * A rally: an element of 8 bytes goes to the other side of a pair, which sends it back, one more, by whatever means
 * carry it. The functions of the means are inlined where `means` is a constant.
 */
#ifndef BENCH_RALLY_H
#define BENCH_RALLY_H

#include "pair.h"

struct means {
	bool (*make)(struct run *r, const struct model *m); /* false: the batch has failed */
	void (*send)(unsigned to, uint64_t element, const struct model *m);
	uint64_t (*recv)(unsigned self, const struct model *m);
};

#define RALLY_END UINT64_MAX

static struct pair *rally;

/* Side 1. */
MODEL_INLINE void *rally_partner(void *arg, const struct model *m, const struct means *means)
{
	uint64_t element;

	pair_enter(m, 1);
	while ((element = means->recv(1, m)) != RALLY_END) {
		pair_turn(rally, 1);
		means->send(0, element + 1, m);
	}
	return arg;
}

/* How many came back as they should. */
MODEL_INLINE uint64_t rally_trips(uint64_t n, const struct model *m, const struct means *means)
{
	uint64_t good = 0;

	for (uint64_t i = 0; i < n; i++) {
		means->send(1, i, m);
		good += means->recv(0, m) == i + 1;
		pair_turn(rally, 0);
	}
	return good;
}

MODEL_INLINE void rally_measure(struct run *r, const struct model *m, const struct means *means)
{
	struct batch *b = &r->batch;

	rally->watched = rally->apart;
	if (rally->apart)
		(void)rally_trips(PAIR_WATCHED, m, means);
	rally->watched = false;
	batch_check(b, rally->together == 0, "the two were on one worker");
	while (batch_more(b)) {
		uint64_t good;

		batch_start(b);
		good = rally_trips(b->ops, m, means);
		batch_stop(b);
		batch_check(b, good == b->ops, "not each element came back");
	}
}

/* Side 0. partner: a thread that calls rally_partner. */
MODEL_INLINE void *rally_play(struct run *r, const struct model *m, const struct means *means, void *(*partner)(void *))
{
	union unit unit;
	int error;

	pair_enter(m, 0);
	error = pair_spawn(rally, m, &unit, 1, partner, rally);
	if (error) {
		batch_fail(&r->batch, "spawn: error %d", -error);
		return r;
	}
	rally_measure(r, m, means);
	means->send(1, RALLY_END, m);
	batch_check(&r->batch, m->join(unit) == (uintptr_t)rally, "the partner was lost");
	return r;
}

/* play: a thread that calls rally_play. */
MODEL_INLINE void rally_run(struct run *r, const struct model *m, const struct means *means, bool apart,
			    void *(*play)(void *))
{
	rally = system_shared(sizeof(*rally));
	if (!rally) {
		batch_fail(&r->batch, "no shared memory");
		return;
	}
	rally->apart = apart;
	if (means->make(r, m))
		pair_run(rally, m, r, play);
}

#endif
