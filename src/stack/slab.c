/* SPDX-License-Identifier: MIT */
/*
 * Slabs of stacks. A class's first slab has 64 slots and later ones as many as there are already, up to 1,024: a small
 * program reserves little address space, a large one makes few mappings. Under a limit on address space a slab is
 * halved until it fits.
 */
#include "src/stack/slab.h"

#include <errno.h>
#include <stdbool.h>

#include "src/base/panic.h"
#include "src/os/memory.h"
#include "src/stack/stack.h"

enum { SLOTS_MIN = 64, GUARD_BATCH = 64 };
#define SLAB_BYTES_MAX ((size_t)1 << 30)

static size_t stride(unsigned class)
{
	return weft__stack_size(class) + WEFT__STACK_GUARD;
}

static char *slot_base(const struct weft__slab *slab, unsigned class, uint32_t slot)
{
	return slab->base + slot * stride(class);
}

static void *slot_head(const struct weft__slab *slab, unsigned class, uint32_t slot)
{
	size_t colour = slot * 192u % 2048;
	return slot_base(slab, class, slot) + stride(class) - WEFT__STACK_HEAD - colour;
}

static uint32_t slots_wanted(const struct weft__slabs *slabs, unsigned class)
{
	size_t n = slabs->slots < SLOTS_MIN ? SLOTS_MIN : slabs->slots, most = SLAB_BYTES_MAX / stride(class);
	if (n > WEFT__SLAB_MAX)
		n = WEFT__SLAB_MAX;
	if (n > most)
		n = most ? most : 1;
	return (uint32_t)n;
}

static struct weft__slab *grow(struct weft__slabs *slabs, unsigned class)
{
	struct weft__slab *slab = weft__os_alloc_zeroed(1, sizeof *slab);
	if (!slab)
		return NULL;
	for (slab->slots = slots_wanted(slabs, class); slab->slots; slab->slots /= 2) {
		slab->bytes = slab->slots * stride(class);
		slab->base = weft__os_map(slab->bytes);
		if (slab->base)
			break;
	}
	if (!slab->base) {
		weft__os_free(slab);
		return NULL;
	}
	slab->next = slabs->first;
	slabs->first = slab;
	slabs->slots += slab->slots;
	return slab;
}

static weft__cold void say_once(const char *message)
{
	static bool said;
	if (!said)
		weft__warn(message);
	said = true;
}

static weft__cold int guard_failed(int err)
{
	if (err == -ENOMEM || err == -EAGAIN)
		say_once("cannot guard more stacks: the limit on mappings of this process is reached. This kernel "
			 "has no guard regions (Linux 6.13), so each stack needs two mappings: raise the limit by "
			 "'sysctl -w vm.max_map_count=N', N over twice the number of threads");
	return err == -ENOMEM ? -EAGAIN : err;
}

/* Guard the next slots of the slab: all in one call, or as many as go one by one. */
static int guard_more(struct weft__slab *slab, unsigned class)
{
	struct iovec ranges[GUARD_BATCH];
	unsigned n = 0;
	bool cheap = weft__os_guards_are_cheap();
	for (uint32_t slot = slab->guarded; n < (cheap ? GUARD_BATCH : 1u) && slot < slab->slots; slot++)
		ranges[n++] = (struct iovec){ slot_base(slab, class, slot), WEFT__STACK_GUARD };
	int err = weft__os_guard(ranges, n);
	if (err)
		return guard_failed(err);
	slab->guarded += n;
	return 0;
}

static unsigned take_released(struct weft__slabs *slabs, unsigned class, void **heads, unsigned want)
{
	unsigned n = 0;
	for (struct weft__slab *slab = slabs->first; slab && n < want && slabs->released; slab = slab->next)
		for (unsigned word = 0; slab->released && word < WEFT__SLAB_MAX / 64 && n < want; word++)
			while (slab->bits[word] && n < want) {
				unsigned bit = (unsigned)__builtin_ctzll(slab->bits[word]);
				slab->bits[word] &= slab->bits[word] - 1;
				slab->released--;
				slabs->released--;
				heads[n++] = slot_head(slab, class, word * 64 + bit);
			}
	return n;
}

int weft__slab_take(struct weft__slabs *slabs, unsigned class, void **heads, unsigned want, unsigned *n)
{
	int err = 0;
	*n = take_released(slabs, class, heads, want);
	while (*n < want) {
		struct weft__slab *slab = slabs->first;
		if (!slab || slab->made == slab->slots)
			slab = *n ? NULL : grow(slabs, class);
		if (!slab) {
			err = -ENOMEM;
			break;
		}
		if (slab->made == slab->guarded && (err = guard_more(slab, class)))
			break;
		heads[(*n)++] = slot_head(slab, class, slab->made++);
	}
	if (*n)
		return 0;
	if (err == -ENOMEM)
		say_once("no address space for more stacks: raise the limit (ulimit -v), or choose smaller stacks by "
			 "weft_config_set_stack_size");
	return err;
}

static struct weft__slab *slab_of(struct weft__slabs *slabs, const void *head)
{
	struct weft__slab *slab = slabs->first;
	while ((const char *)head < slab->base || (const char *)head >= slab->base + slab->bytes)
		slab = slab->next;
	return slab;
}

void weft__slab_discard(unsigned class, void **heads, unsigned n)
{
	struct iovec ranges[WEFT__STACK_CHAIN] = { { 0 } };
	for (unsigned i = 0; i < n; i++)
		ranges[i] = (struct iovec){ weft__stack_low(heads[i], class), weft__stack_size(class) };
	weft__os_discard(ranges, n);
}

void weft__slab_release(struct weft__slabs *slabs, unsigned class, void **heads, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct weft__slab *slab = slab_of(slabs, heads[i]);
		uint32_t slot = (uint32_t)((size_t)((char *)heads[i] - slab->base) / stride(class));
		slab->bits[slot / 64] |= (uint64_t)1 << slot % 64;
		slab->released++;
	}
	slabs->released += n;
}

void weft__slab_unmap_all(struct weft__slabs *slabs)
{
	while (slabs->first) {
		struct weft__slab *slab = slabs->first;
		slabs->first = slab->next;
		weft__os_unmap(slab->base, slab->bytes);
		weft__os_free(slab);
	}
	*slabs = (struct weft__slabs){ 0 };
}
