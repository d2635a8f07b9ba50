/* SPDX-License-Identifier: MIT */
/* Names: a writer invalidates the entry, writes, and validates it; a reader that sees its handle before and after the
 * text has a name of that thread, whole. */
#include "src/sched/name.h"

#include <errno.h>
#include <string.h>

#include "src/os/kthread.h"
#include "src/sched/park.h"
#include "weft/thread.h"

static struct weft__name *name_of(uint64_t handle)
{
	size_t index = handle & WEFT__INDEX_MASK;
	struct weft__chunk *chunk = weft__load_acq(&weft__chunks[index >> WEFT__CHUNK_BITS]); /* order RECORD-CHUNK */
	return chunk ? &chunk->name[index & (WEFT__CHUNK - 1)] : NULL;
}

void weft__name_store(uint64_t handle, const char *name)
{
	uint64_t words[WEFT__NAME_SIZE / 8];
	struct weft__name *entry = name_of(handle);
	memcpy(words, name, sizeof words);
	weft__xchg_acqrel(&entry->handle, 0); /* order NAME: before the words change */
	for (unsigned i = 0; i < WEFT__NAME_SIZE / 8; i++)
		weft__store_rel(&entry->text[i], words[i]); /* order NAME */
	weft__store_rel(&entry->handle, handle);
}

bool weft__name_load(uint64_t handle, char *name)
{
	uint64_t words[WEFT__NAME_SIZE / 8];
	struct weft__name *entry = name_of(handle);
	if (!entry || weft__load_acq(&entry->handle) != handle)
		return false;
	for (unsigned i = 0; i < WEFT__NAME_SIZE / 8; i++)
		words[i] = weft__load_acq(&entry->text[i]); /* order NAME: a later writer's word shows its handle = 0 */
	if (weft__load_rlx(&entry->handle) != handle)
		return false;
	memcpy(name, words, sizeof words);
	return true;
}

int weft_name_set(const char *name)
{
	struct weft__thread *self = weft__self_or_null();
	char text[WEFT__NAME_SIZE] = { 0 };
	if (!name)
		return -EINVAL;
	if (!self)
		return -EPERM;
	memcpy(text, name, strnlen(name, sizeof text - 1));
	weft__name_store(self->handle, text);
	if (self->kind == WEFT__BOUND)
		weft__os_kthread_name(text);
	return 0;
}

static bool alive(uint64_t handle)
{
	struct weft__record *record = weft__record_of(handle);
	uint64_t state = record ? weft__load_acq(&record->join) ^ weft__join_word(handle, WEFT__JOIN_FREE) : 0;
	return state != WEFT__JOIN_FREE && state != WEFT__JOIN_DONE && state != WEFT__JOIN_HANDED &&
	       state != WEFT__JOIN_CHILD_DONE && state <= WEFT__JOIN_DETACHED;
}

int weft_name_get(weft_t thread, char *buffer, size_t size)
{
	char name[WEFT__NAME_SIZE] = { 0 };
	if (!buffer || !size)
		return -EINVAL;
	if (!alive(thread))
		return -ESRCH;
	weft__name_load(thread, name);
	size_t n = strnlen(name, sizeof name);
	if (n > size - 1)
		n = size - 1;
	memcpy(buffer, name, n);
	buffer[n] = 0;
	return 0;
}
