/* SPDX-License-Identifier: MIT */
/* Where records come from: chunks, and the list of those that no worker's cache holds. */
#include "src/sched/record.h"

#include "src/os/lock.h"
#include "src/os/memory.h"

_Atomic(struct weft__chunk *) weft__chunks[WEFT__CHUNKS];

static struct {
	struct weft__lock lock;
	/* under lock */
	struct weft__record *free;
	size_t made; /* indexes below this have been used */
} depot;

/* The next record that was never used. */
static struct weft__record *make(void)
{
	size_t index = depot.made, number = index >> WEFT__CHUNK_BITS;
	if (number == WEFT__CHUNKS)
		return NULL;
	struct weft__chunk *chunk = weft__load_rlx(&weft__chunks[number]); /* relaxed: under the lock */
	if (!chunk) {
		chunk = weft__os_map(sizeof *chunk);
		if (!chunk)
			return NULL;
		weft__store_rel(&weft__chunks[number], chunk); /* order RECORD-CHUNK */
	}
	struct weft__record *record = &chunk->record[index & (WEFT__CHUNK - 1)];
	weft__store_rlx(&record->join, weft__join_word(WEFT__GENERATION_ONE, WEFT__JOIN_FREE));
	weft__store_rlx(&record->park, weft__park_word(WEFT__GENERATION_ONE) | index);
	depot.made++;
	return record;
}

struct weft__fate *weft__record_fate(uint64_t handle)
{
	size_t index = handle & WEFT__INDEX_MASK;
	struct weft__chunk *chunk = weft__load_acq(&weft__chunks[index >> WEFT__CHUNK_BITS]); /* order RECORD-CHUNK */
	return &chunk->fate[index & (WEFT__CHUNK - 1)];
}

struct weft__fate *weft__record_make_fate(uint64_t handle)
{
	struct weft__fate *fate = weft__record_fate(handle);
	if (fate->handle != handle)
		*fate = (struct weft__fate){ .handle = handle };
	return fate;
}

size_t weft__record_count(void)
{
	weft__lock(&depot.lock);
	size_t made = depot.made;
	weft__unlock(&depot.lock);
	return made;
}

bool weft__record_refill(struct weft__record_cache *cache)
{
	weft__lock(&depot.lock);
	while (cache->n < WEFT__RECORD_BATCH) {
		struct weft__record *record = depot.free;
		if (record)
			depot.free = record->next_free;
		else if (!(record = make()))
			break;
		record->next_free = cache->first;
		cache->first = record;
		cache->n++;
	}
	weft__unlock(&depot.lock);
	return cache->n > 0;
}

static void give_back(struct weft__record_cache *cache, uint32_t keep)
{
	weft__lock(&depot.lock);
	while (cache->n > keep) {
		struct weft__record *record = cache->first;
		cache->first = record->next_free;
		cache->n--;
		record->next_free = depot.free;
		depot.free = record;
	}
	weft__unlock(&depot.lock);
}

void weft__record_spill(struct weft__record_cache *cache)
{
	give_back(cache, WEFT__RECORD_BATCH);
}

void weft__record_flush(struct weft__record_cache *cache)
{
	give_back(cache, 0);
}

void weft__record_forget(void)
{
	for (size_t i = 0; i * WEFT__CHUNK < depot.made; i++)
		weft__store_rlx(&weft__chunks[i], NULL); /* relaxed: the child is alone */
	depot.lock = (struct weft__lock){ 0 };
	depot.free = NULL;
	depot.made = (depot.made + WEFT__CHUNK - 1) / WEFT__CHUNK * WEFT__CHUNK;
}
