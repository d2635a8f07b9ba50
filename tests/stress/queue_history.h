/* SPDX-License-Identifier: MIT */
/*
 * Is a history of calls on one channel linearizable? An exhaustive search (Wing and Gong, with Lowe's memory of states
 * seen): put the calls into an order that keeps to "returned before it was called", and in which each call does what the
 * channel as a plain sequential thing would do:
 *
 *      send            0: open and not full; -EPIPE: closed; it failed in time (-EAGAIN, -ETIMEDOUT): open and full
 *      receive         0: the oldest element; -EPIPE: closed and empty; it failed in time: open and empty
 *      close           0: open; -EALREADY: closed
 *      canceled        nothing, at any time
 *      count           that many
 *
 * Capacity 0: a send and the receive that gets its element are one step; one that failed in time tells no more than that
 * the channel was open, for who waits is no part of the state.
 */
#ifndef WEFT_TESTS_QUEUE_HISTORY_H
#define WEFT_TESTS_QUEUE_HISTORY_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { HISTORY_MAX = 63, HISTORY_SEEN = 1 << 11 };

enum call_kind { CALL_SEND, CALL_RECV, CALL_CLOSE, CALL_COUNT };

struct call {
	uint64_t called, returned; /* stamps, all different */
	enum call_kind kind;
	int result;
	uint32_t value; /* sent, received or counted; of sends never 0, all different */
};

struct history {
	uint32_t n, capacity;
	struct call call[HISTORY_MAX];
};

struct queue_state {
	uint64_t done; /* a bit for each call */
	bool closed;
	uint32_t n;
	uint32_t value[HISTORY_MAX];
};

struct search {
	const struct history *history;
	uint64_t seen[HISTORY_SEEN]; /* hashes of states from which there is no way; 0: none */
	uint64_t steps;
};

static inline uint64_t state_hash(const struct queue_state *s)
{
	uint64_t h = s->done * 0x9e3779b97f4a7c15u ^ s->closed;
	for (uint32_t i = 0; i < s->n; i++)
		h = (h ^ h >> 29 ^ s->value[i]) * 0xbf58476d1ce4e5b9u;
	return (h ^ h >> 31) | 1;
}

static inline bool apply_send(const struct history *h, const struct call *c, struct queue_state *s)
{
	if (c->result == 0) {
		s->value[s->n] = c->value;
		return !s->closed && s->n++ < h->capacity;
	}
	return c->result == -EPIPE ? s->closed : !s->closed && s->n == h->capacity;
}

static inline bool apply_recv(const struct call *c, struct queue_state *s)
{
	if (c->result == 0) {
		bool right = s->n > 0 && s->value[0] == c->value;
		if (right)
			memmove(s->value, s->value + 1, --s->n * sizeof *s->value);
		return right;
	}
	return s->n == 0 && s->closed == (c->result == -EPIPE);
}

/* Whether the call can be the next. Changes the state, also if not. */
static inline bool apply(const struct history *h, const struct call *c, struct queue_state *s)
{
	if (c->result == -ECANCELED)
		return true;
	switch (c->kind) {
	case CALL_SEND:
		return apply_send(h, c, s);
	case CALL_RECV:
		return apply_recv(c, s);
	case CALL_COUNT:
		return s->n == c->value;
	default:
		return s->closed == (c->result != 0) && (s->closed = true);
	}
}

static inline bool linearize(struct search *x, struct queue_state *s);

/* The two halves of an unbuffered transfer: the receive of what call i sends, if it may be now. */
static inline bool linearize_pair(struct search *x, const struct queue_state *s, uint32_t i, uint64_t first)
{
	const struct history *h = x->history;
	for (uint32_t j = 0; j < h->n; j++) {
		const struct call *r = &h->call[j];
		if (r->kind == CALL_RECV && r->result == 0 && r->value == h->call[i].value && !(s->done >> j & 1) &&
		    r->called < first && !s->closed) {
			struct queue_state next = *s;
			next.done |= (uint64_t)1 << i | (uint64_t)1 << j;
			return linearize(x, &next);
		}
	}
	return false;
}

static inline bool linearize_call(struct search *x, const struct queue_state *s, uint32_t i, uint64_t first)
{
	const struct history *h = x->history;
	const struct call *c = &h->call[i];
	if (h->capacity == 0 && c->result == 0 && c->kind <= CALL_RECV)
		return c->kind == CALL_SEND && linearize_pair(x, s, i, first);
	struct queue_state next = *s;
	next.done |= (uint64_t)1 << i;
	return apply(h, c, &next) && linearize(x, &next);
}

/* Whether the calls that are left can follow. */
static inline bool linearize(struct search *x, struct queue_state *s)
{
	const struct history *h = x->history;
	uint64_t first = UINT64_MAX, hash = state_hash(s);
	if (s->done == ((uint64_t)1 << h->n) - 1)
		return true;
	if (x->seen[hash % HISTORY_SEEN] == hash)
		return false;
	x->steps++;
	for (uint32_t i = 0; i < h->n; i++)
		if (!(s->done >> i & 1) && h->call[i].returned < first)
			first = h->call[i].returned;
	for (uint32_t i = 0; i < h->n; i++)
		if (!(s->done >> i & 1) && h->call[i].called < first && linearize_call(x, s, i, first))
			return true;
	x->seen[hash % HISTORY_SEEN] = hash;
	return false;
}

static inline bool history_is_linearizable(struct search *x, const struct history *h)
{
	struct queue_state start = { 0 };
	memset(x, 0, sizeof *x);
	x->history = h;
	return linearize(x, &start);
}

static inline void history_print(const struct history *h)
{
	static const char *const name[] = { "send", "recv", "close", "count" };
	fprintf(stderr, "capacity %u\n", h->capacity);
	for (uint32_t i = 0; i < h->n; i++) {
		const struct call *c = &h->call[i];
		fprintf(stderr, "%4llu - %4llu  %-5s %5u  -> %d\n", (unsigned long long)c->called,
			(unsigned long long)c->returned, name[c->kind], c->value, c->result);
	}
}

#endif
