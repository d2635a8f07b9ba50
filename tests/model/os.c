/* SPDX-License-Identifier: MIT */
/* What src/os and the memory below it are to a model. */
#include "tests/model/os.h"

#include <stdlib.h>

#include "src/os/barrier.h"
#include "src/os/clock.h"
#include "src/os/fork.h"
#include "src/os/futex.h"
#include "src/os/memory.h"

struct weft__worker *model_worker[MODEL_THREADS_MAX];
uint64_t model_clock, model_tick;
bool weft__os_forked;

/* Big, and nothing in it is read before it is written: so it is not reset. */
static _Alignas(16) char chunk[1 << 20];

void *weft__os_alloc(size_t size)
{
	return malloc(size);
}

void *weft__os_alloc_zeroed(size_t n, size_t size)
{
	return calloc(n, size);
}

__attribute__((weak)) void *weft__os_alloc_aligned(size_t alignment, size_t size)
{
	return aligned_alloc(alignment, size);
}

__attribute__((weak)) void weft__os_free(void *block)
{
	free(block);
}

void *weft__os_map(size_t size)
{
	return size <= sizeof chunk ? chunk : NULL;
}

void weft__os_barrier(void)
{
	model_barrier(MODEL_HERE);
}

bool weft__os_futex_wait(weft__a32 *word, uint32_t expected, uint64_t deadline)
{
	return model_futex_wait(&word->cell, expected, deadline != UINT64_MAX, MODEL_HERE);
}

void weft__os_futex_wake(weft__a32 *word, unsigned n)
{
	model_futex_wake(&word->cell, n, MODEL_HERE);
}

uint64_t weft__os_now(void)
{
	return model_clock += model_tick;
}

uint64_t weft__os_after(uint64_t nanoseconds)
{
	return model_clock + nanoseconds;
}

uint64_t weft__deadline(uint64_t nanoseconds)
{
	return nanoseconds ? weft__os_after(nanoseconds) : 0;
}

void weft__os_relax(void)
{
	model_yield(MODEL_HERE);
}
