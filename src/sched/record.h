/* SPDX-License-Identifier: MIT */
/*
 * What outlives a thread: its record, found from its handle and valid for ever, so that a stack can be reused the
 * moment its thread ends and a handle is safe however old it is.
 *
 *   handle = generation (40 bits) | index (24 bits)        generation >= 1, so a handle is never 0
 *
 * Records live in chunks that are never unmapped. A record's generation changes when it is freed; every change of
 * `join` and `park` is a compare-and-swap on a word that contains the generation, so a stale handle changes nothing.
 *
 *   join = generation | state       state       who may change it        what it means
 *                                   FREE        the allocator            no thread
 *                                   RUNNING     joiner, thread           the thread has not ended
 *                                   CLAIMED     that joiner, thread      a joiner has the right to wait, does not yet
 *                                   WAITING     thread, joiner's timer   the joiner sleeps until the thread ends
 *                                   DONE        joiner                   ended; `result` is there
 *                                   HANDED      that joiner              the same, for the one who had claimed it
 *                                   NOTED, HANDED_NOTED                  as DONE and HANDED, and how it ended is in its fate
 *                                   CHILD       its spawner, thread      a scope's child, running, its spawner waiting in a lane
 *                                   CHILD_DONE  its spawner              it has ended by then; neither can be joined
 *                                   DETACHED    thread                   frees itself when it ends
 *
 *   park = low half of generation | permits given (31 bits) | PARKED (1 bit)
 *          once the thread has ended: that of the next generation, which no handle has yet
 *
 * A permit is there when the count differs from the one the thread saw last (thread->seen), so taking it costs no
 * atomic operation; giving one is a compare-and-swap that also takes PARKED away, and whoever takes it wakes the
 * thread.
 *
 * Orders: RECORD-DONE  the thread's change to DONE or HANDED (release) -> joiner's load or CAS (acquire): the result is seen,
 *                      and the fate, if it is NOTED
 *         RECORD-WAIT  joiner's change to WAITING (release) -> the thread's to HANDED (acquire): `joiner` is seen
 *         PARK-PERMIT  unpark's CAS (release) -> the parked thread's load (acquire): what preceded unpark is seen
 */
#ifndef WEFT_SRC_SCHED_RECORD_H
#define WEFT_SRC_SCHED_RECORD_H

#include <stddef.h>

#include "src/base/atomic.h"

#define WEFT__INDEX_BITS 24
#define WEFT__INDEX_MASK (((uint64_t)1 << WEFT__INDEX_BITS) - 1)
#define WEFT__GENERATION_ONE ((uint64_t)1 << WEFT__INDEX_BITS)
#define WEFT__CHUNK_BITS 12
#define WEFT__CHUNK ((size_t)1 << WEFT__CHUNK_BITS)
#define WEFT__CHUNKS ((size_t)1 << (WEFT__INDEX_BITS - WEFT__CHUNK_BITS))

enum weft__join_state {
	WEFT__JOIN_FREE,
	WEFT__JOIN_RUNNING,
	WEFT__JOIN_CLAIMED,
	WEFT__JOIN_WAITING,
	WEFT__JOIN_DONE,
	WEFT__JOIN_HANDED,
	WEFT__JOIN_CHILD,
	WEFT__JOIN_CHILD_DONE,
	WEFT__JOIN_DETACHED,
	WEFT__JOIN_NOTED,
	WEFT__JOIN_HANDED_NOTED,
};

#define WEFT__PARKED ((uint64_t)1)
#define WEFT__PERMIT ((uint64_t)2)

struct weft__record {
	weft__a64 join;
	weft__a64 park;
	/* written by the spawner before the handle is known to anyone, and left there; a dump reads it of any record */
	_Atomic(struct weft__thread *) thread;
	/* written by the thread before DONE, read by the joiner after it; links free records */
	union {
		void *result;
		struct weft__record *next_free;
	};
};

/* A thread's name stands here only once it was given one, so a spawn need not touch it: it counts if `handle` is the
 * thread's. Written by the thread, or its spawner before it runs. */
#define WEFT__NAME_SIZE 16
struct weft__name {
	weft__a64 handle;
	weft__a64 text[WEFT__NAME_SIZE / 8];
};

/*
 * What few threads have: what is to become of one that crashes, and how it ended, if otherwise than by itself. As a name it
 * counts only if `handle` is the thread's. Written by its spawner, then by the thread; read by the joiner of one that is NOTED.
 */
struct weft__fate {
	uint64_t handle;
	void *address;
	int signal, code;
	uint8_t policy; /* enum weft_crash */
	uint8_t how;	/* enum weft_end */
};

struct weft__chunk {
	struct weft__record record[WEFT__CHUNK];
	struct weft__thread
		*joiner[WEFT__CHUNK]; /* written by the joiner while CLAIMED, read by the thread on WAITING */
	struct weft__name name[WEFT__CHUNK];
	weft__a32 holders[WEFT__CHUNK]; /* who keeps the thread from ending: src/sched/cancel.h */
	struct weft__fate fate[WEFT__CHUNK];
};

extern _Atomic(struct weft__chunk *) weft__chunks[WEFT__CHUNKS];

/* A worker's own free records, last in first out. */
struct weft__record_cache {
	struct weft__record *first;
	uint32_t n;
};

enum { WEFT__RECORD_BATCH = 64 };

weft__inline uint64_t weft__join_word(uint64_t handle, enum weft__join_state state)
{
	return (handle & ~WEFT__INDEX_MASK) | state;
}

weft__inline uint64_t weft__park_word(uint64_t handle)
{
	return handle >> WEFT__INDEX_BITS << 32;
}

/* The record that a handle names, or named: NULL if there never was such a one. */
weft__inline struct weft__record *weft__record_of(uint64_t handle)
{
	size_t index = handle & WEFT__INDEX_MASK;
	/* order RECORD-CHUNK */
	struct weft__chunk *chunk = weft__load_acq(&weft__chunks[index >> WEFT__CHUNK_BITS]);
	return weft__likely(chunk != NULL) ? &chunk->record[index & (WEFT__CHUNK - 1)] : NULL;
}

weft__inline struct weft__thread **weft__record_joiner(uint64_t handle)
{
	size_t index = handle & WEFT__INDEX_MASK;
	struct weft__chunk *chunk = weft__load_acq(&weft__chunks[index >> WEFT__CHUNK_BITS]); /* order RECORD-CHUNK */
	return &chunk->joiner[index & (WEFT__CHUNK - 1)];
}

/* The fate of the thread of this handle, which is not freed meanwhile: its own, or what was left there. Async-signal-safe. */
struct weft__fate *weft__record_fate(uint64_t handle);

/* That of a thread that is to have one: all of it zero, but for the handle, unless it has one already. Likewise. */
struct weft__fate *weft__record_make_fate(uint64_t handle);

/* Indexes below this have been used. */
size_t weft__record_count(void);

/* More records from the global list, and back to it. */
bool weft__record_refill(struct weft__record_cache *cache);
void weft__record_spill(struct weft__record_cache *cache);

/* In a forked child: no handle names a thread any more, nor will one that is in use: indexes are not used again. */
void weft__record_forget(void);

/* Give all of them back. */
void weft__record_flush(struct weft__record_cache *cache);

/* While a record is free its park word also keeps its index, so that its next handle can be made of it. */
weft__inline uint64_t weft__record_next_handle(struct weft__record *record)
{
	/* relaxed: the record is the caller's own */
	return (weft__load_rlx(&record->join) & ~WEFT__INDEX_MASK) | (uint32_t)weft__load_rlx(&record->park);
}

/* Take a record from the cache, which has one. */
weft__inline struct weft__record *weft__record_pop(struct weft__record_cache *cache)
{
	struct weft__record *record = cache->first;
	cache->first = record->next_free;
	cache->n--;
	return record;
}

/* Take a record, or NULL. */
weft__inline struct weft__record *weft__record_get(struct weft__record_cache *cache)
{
	if (weft__unlikely(!cache->first) && !weft__record_refill(cache))
		return NULL;
	return weft__record_pop(cache);
}

/* Free the record: the handle is stale from here on. Its state is the caller's alone to change. */
weft__inline void weft__record_put(struct weft__record_cache *cache, struct weft__record *record, uint64_t handle)
{
	uint64_t next = handle + WEFT__GENERATION_ONE;
	if (weft__unlikely((uint32_t)(next >> WEFT__INDEX_BITS) == 0))
		next += WEFT__GENERATION_ONE; /* not even the half in `park` is ever 0, as it is in WEFT_NONE */
	/* relaxed: a stale user's CAS fails before and after alike */
	weft__store_rlx(&record->join, weft__join_word(next, WEFT__JOIN_FREE));
	weft__store_rlx(&record->park, weft__park_word(next) | (handle & WEFT__INDEX_MASK));
	record->next_free = cache->first;
	cache->first = record;
	if (weft__unlikely(++cache->n > 2 * WEFT__RECORD_BATCH))
		weft__record_spill(cache);
}

#endif
