/* SPDX-License-Identifier: MIT */
/* Join and detach: what is done with a record by those who hold its handle. The states are in record.h. */
#include <errno.h>

#include "src/sched/dispatch.h"
#include "src/sched/park.h"
#include "src/sched/spawn.h"
#include "weft/status.h"

struct join_wait {
	struct weft__wait wait;
	struct weft__record *record;
	uint64_t handle;
	bool begun;
};

static bool change(struct weft__record *record, uint64_t handle, enum weft__join_state from, enum weft__join_state to)
{
	uint64_t old = weft__join_word(handle, from);
	return weft__cas_acqrel(&record->join, &old, weft__join_word(handle, to)); /* order RECORD-WAIT, RECORD-DONE */
}

/* CLAIMED by us, so `joiner` is ours to write; if the thread ends meanwhile the state is HANDED, and we need not wait. */
static bool join_commit(struct weft__wait *wait)
{
	struct join_wait *j = weft__container(wait, struct join_wait, wait);
	*weft__record_joiner(j->handle) = wait->self;
	j->begun = true;
	return change(j->record, j->handle, WEFT__JOIN_CLAIMED, WEFT__JOIN_WAITING);
}

static bool join_revoke(struct weft__wait *wait, struct weft__thread *self)
{
	(void)self;
	struct join_wait *j = weft__container(wait, struct join_wait, wait);
	return change(j->record, j->handle, WEFT__JOIN_WAITING, WEFT__JOIN_RUNNING);
}

static void free_record(struct weft__record *record, uint64_t handle)
{
	struct weft__worker *w = weft__worker();
	if (weft__likely(w != NULL)) {
		weft__record_put(&w->records, record, handle);
		return;
	}
	weft__lock(&weft__pool.outside.lock);
	weft__record_put(&weft__pool.outside.records, record, handle);
	weft__unlock(&weft__pool.outside.lock);
}

/* What a caller wants of a thread that has ended: its result, or how it ended; either may be NULL. */
struct wanted {
	void **result;
	struct weft_status *status;
};

static void take_status(const struct weft__record *record, const struct weft__fate *fate, struct weft_status *status)
{
	*status = (struct weft_status){ .how = WEFT_EXITED, .result = record->result };
	if (fate) {
		status->how = (enum weft_end)fate->how;
		status->signal = fate->signal;
		status->code = fate->code;
		status->address = fate->address;
	}
}

/* The record is ours: nobody else may change it. What weft_join answers. */
static int take(struct weft__record *record, uint64_t handle, bool noted, struct wanted wanted)
{
	const struct weft__fate *fate = noted ? weft__record_fate(handle) : NULL;
	int err = fate && fate->how == WEFT_CRASHED && !wanted.status ? -EOWNERDEAD : 0;
	if (wanted.status)
		take_status(record, fate, wanted.status);
	if (wanted.result && !err)
		*wanted.result = record->result;
	free_record(record, handle);
	return err;
}

/* Take what a thread that has ended by itself left. Of several that try, one gets it. */
weft__inline bool collect(struct weft__record *record, uint64_t handle, void **result)
{
	if (!change(record, handle, WEFT__JOIN_DONE, WEFT__JOIN_FREE))
		return false;
	if (result)
		*result = record->result;
	free_record(record, handle);
	return true;
}

/* Why the state of this record does not let the caller join or detach. */
static int refusal(uint64_t word, uint64_t handle)
{
	uint64_t state = word ^ weft__join_word(handle, WEFT__JOIN_FREE);
	if (state == WEFT__JOIN_CLAIMED || state == WEFT__JOIN_WAITING || state == WEFT__JOIN_HANDED_NOTED ||
	    (state >= WEFT__JOIN_HANDED && state <= WEFT__JOIN_DETACHED))
		return -EINVAL;
	return -ESRCH;
}

/* The handle of the thread that is waited for. */
static uint64_t joined(const void *object)
{
	return *(const uint64_t *)object;
}

static weft__noinline int join_slow(uint64_t handle, struct wanted wanted, uint64_t deadline)
{
	struct weft__thread outside;
	static const struct weft__reason reason = { "the end of a thread", joined };
	struct join_wait j = { .wait = { join_commit, join_revoke, weft__self(&outside), &reason, &j.handle,
					 .shielded = false },
			       .record = weft__record_of(handle),
			       .handle = handle };
	if (!j.record)
		return -ESRCH;
	if (handle == j.wait.self->handle) /* that of a thread outside is WEFT_NONE */
		return handle ? -EDEADLK : -ESRCH;
	while (deadline == 0 || !change(j.record, handle, WEFT__JOIN_RUNNING, WEFT__JOIN_CLAIMED)) {
		uint64_t word = weft__load_acq(&j.record->join); /* order RECORD-DONE */
		bool noted = word == weft__join_word(handle, WEFT__JOIN_NOTED);
		bool done = noted || word == weft__join_word(handle, WEFT__JOIN_DONE);
		if (done && change(j.record, handle, noted ? WEFT__JOIN_NOTED : WEFT__JOIN_DONE, WEFT__JOIN_FREE))
			return take(j.record, handle, noted, wanted);
		if (!done && word != weft__join_word(handle, WEFT__JOIN_RUNNING))
			return refusal(word, handle);
		if (!done && deadline == 0)
			return -ETIMEDOUT;
	}
	int err = weft__park(&j.wait, deadline);
	if (err && !j.begun && !change(j.record, handle, WEFT__JOIN_CLAIMED, WEFT__JOIN_RUNNING))
		err = 0; /* it has ended meanwhile */
	if (err)
		return err;
	uint64_t word = weft__load_acq(&j.record->join); /* order RECORD-DONE: it is HANDED, or HANDED_NOTED */
	return take(j.record, handle, word == weft__join_word(handle, WEFT__JOIN_HANDED_NOTED), wanted);
}

int weft__join(uint64_t handle, void **result, uint64_t deadline)
{
	struct weft__record *record = weft__record_of(handle);
	/* order RECORD-DONE */
	if (weft__likely(record && weft__load_acq(&record->join) == weft__join_word(handle, WEFT__JOIN_DONE)) &&
	    collect(record, handle, result))
		return 0;
	return join_slow(handle, (struct wanted){ .result = result }, deadline);
}

int weft_join(weft_t thread, void **result)
{
	return weft__join(thread, result, WEFT__NEVER);
}

int weft__join_status(uint64_t handle, struct weft_status *status, uint64_t deadline)
{
	struct weft_status ignored = { .how = WEFT_EXITED };
	return join_slow(handle, (struct wanted){ .status = status ? status : &ignored }, deadline);
}

int weft_join_status(weft_t thread, struct weft_status *status)
{
	return weft__join_status(thread, status, WEFT__NEVER);
}

int weft_detach(weft_t thread)
{
	struct weft__record *record = weft__record_of(thread);
	if (!record)
		return -ESRCH;
	if (change(record, thread, WEFT__JOIN_RUNNING, WEFT__JOIN_DETACHED) || collect(record, thread, NULL))
		return 0;
	if (change(record, thread, WEFT__JOIN_NOTED, WEFT__JOIN_FREE)) {
		free_record(record, thread);
		return 0;
	}
	return refusal(weft__load_acq(&record->join), thread);
}

bool weft__child_free_if_ended(uint64_t handle)
{
	struct weft__record *record = weft__record_of(handle);
	/* order RECORD-DONE */
	if (weft__load_acq(&record->join) != weft__join_word(handle, WEFT__JOIN_CHILD_DONE))
		return false;
	free_record(record, handle);
	return true;
}

bool weft__child_detach_if_running(uint64_t handle)
{
	if (change(weft__record_of(handle), handle, WEFT__JOIN_CHILD, WEFT__JOIN_DETACHED))
		return true;
	weft__child_free_if_ended(handle);
	return false;
}
