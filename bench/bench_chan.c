/* SPDX-License-Identifier: MIT */
/*
 * chan: a round trip of an element over two channels without a buffer, one each way.
 * chan-across: the same with the two sides kept apart (pair.h).
 */
#include "channel.h"
#include "rally.h"

static union channel *channels; /* that on which a side receives */

MODEL_INLINE bool make(struct run *r, const struct model *m)
{
	bool ok = (channels = system_shared(2 * sizeof(*channels))) && channel_make(&channels[0], m, 0) &&
		  channel_make(&channels[1], m, 0);

	batch_check(&r->batch, ok, "no shared memory, or no channels");
	return ok;
}

MODEL_INLINE void send_to(unsigned to, uint64_t element, const struct model *m)
{
	channel_send(&channels[to], element, m);
}

MODEL_INLINE uint64_t receive(unsigned self, const struct model *m)
{
	return channel_recv(&channels[self], m);
}

static const struct means means = { make, send_to, receive };

MODEL_INLINE void *partner(void *arg, const struct model *m)
{
	return rally_partner(arg, m, &means);
}
MODEL_THREAD(partner)

MODEL_INLINE void *play(void *arg, const struct model *m)
{
	return rally_play(arg, m, &means, MODEL_OF(partner, m));
}
MODEL_THREAD(play)

MODEL_INLINE void chan(struct run *r, const struct model *m)
{
	rally_run(r, m, &means, false, MODEL_OF(play, m));
}
MODEL_BODY(chan)

MODEL_INLINE void across(struct run *r, const struct model *m)
{
	rally_run(r, m, &means, true, MODEL_OF(play, m));
}
MODEL_BODY(across)

const struct bench bench_chan = {
	.rows = { "chan" },
	.units = { "ns" },
	.what = "a round trip over two channels without a buffer",
	.body = MODEL_BODIES(chan),
};

const struct bench bench_chan_across = {
	.rows = { "chan-across" },
	.units = { "ns" },
	.what = "the same, each handover forced to another core",
	.body = MODEL_BODIES(across),
	.flags = BENCH_TWO_CPUS,
};
