/* SPDX-License-Identifier: MIT */
/*
 * A channel of 8-byte elements in each of the three models: weft's own, and what a program makes of a mutex and two
 * condition variables, between threads or, shared, between processes. It lies in memory from system_shared. Without
 * room it takes one sender: two of them would take each other's signals.
 */
#ifndef BENCH_CHANNEL_H
#define BENCH_CHANNEL_H

#include "locks.h"

#define CHANNEL_CAPACITY 128

struct kernel_channel {
	union mutex mutex;
	union cond room, elements;
	/* under the mutex */
	uint64_t capacity; /* 0: a send waits until the element has been received */
	uint64_t sent, received;
	uint64_t ring[CHANNEL_CAPACITY];
};

union channel {
	struct weft_chan *green;
	struct kernel_channel kernel;
};

/* capacity: up to CHANNEL_CAPACITY. True: made. */
MODEL_INLINE bool channel_make(union channel *channel, const struct model *m, uint64_t capacity)
{
	struct kernel_channel *c = &channel->kernel;

	if (model_is_weft(m))
		return weft_chan_create(&channel->green, sizeof(uint64_t), capacity) == 0;
	c->capacity = capacity;
	return mutex_make(&c->mutex, m) && cond_make(&c->room, m) && cond_make(&c->elements, m);
}

MODEL_INLINE void kernel_channel_send(struct kernel_channel *c, uint64_t element, const struct model *m)
{
	uint64_t room = c->capacity ? c->capacity : 1, mine;

	mutex_lock(&c->mutex, m);
	while (c->sent - c->received >= room)
		cond_wait(&c->room, &c->mutex, m);
	mine = c->sent++;
	c->ring[mine % CHANNEL_CAPACITY] = element;
	cond_signal(&c->elements, m);
	while (c->capacity == 0 && c->received <= mine)
		cond_wait(&c->room, &c->mutex, m);
	mutex_unlock(&c->mutex, m);
}

MODEL_INLINE uint64_t kernel_channel_recv(struct kernel_channel *c, const struct model *m)
{
	uint64_t element;

	mutex_lock(&c->mutex, m);
	while (c->sent == c->received)
		cond_wait(&c->elements, &c->mutex, m);
	element = c->ring[c->received++ % CHANNEL_CAPACITY];
	cond_signal(&c->room, m);
	mutex_unlock(&c->mutex, m);
	return element;
}

/* Results are not looked at: that the elements came through is. */

MODEL_INLINE void channel_send(union channel *channel, uint64_t element, const struct model *m)
{
	if (model_is_weft(m))
		(void)weft_chan_send(channel->green, &element);
	else
		kernel_channel_send(&channel->kernel, element, m);
}

MODEL_INLINE uint64_t channel_recv(union channel *channel, const struct model *m)
{
	uint64_t element = 0;

	if (!model_is_weft(m))
		return kernel_channel_recv(&channel->kernel, m);
	(void)weft_chan_recv(channel->green, &element);
	return element;
}

#endif
