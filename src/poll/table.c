/* SPDX-License-Identifier: MIT */
/* The table of descriptors: making entries, learning what they are, arming and closing them. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/stat.h>

#include "src/os/io.h"
#include "src/os/lock.h"
#include "src/os/memory.h"
#include "src/poll/entry.h"
#include "src/poll/epoll.h"
#include "src/poll/outside.h"
#include "src/poll/poller.h"
#include "src/poll/request.h"
#include "src/sched/idle.h"
#include "weft/thread.h"

_Static_assert(sizeof(struct weft__fd) == WEFT__CACHE_LINE, "an entry is one cache line");

enum { CHUNK = 1 << WEFT__FD_CHUNK_LOG2 };

_Atomic(struct weft__fd *) weft__fd_chunks[WEFT__FD_CHUNKS];
static struct weft__lock growth;

struct weft__fd *weft__fd_entry(int fd)
{
	uint32_t chunk = (uint32_t)fd >> WEFT__FD_CHUNK_LOG2;
	struct weft__fd *first =
		chunk < WEFT__FD_CHUNKS ? weft__load_acq(&weft__fd_chunks[chunk]) : NULL; /* order FD-CHUNK */
	return first ? &first[fd & (CHUNK - 1)] : NULL;
}

/* A child has the forking thread alone: the others are in no call there, and what they had armed is the parent's. */
static void after_fork_in_child(void)
{
	for (int i = 0; i < WEFT__FD_CHUNKS; i++)
		weft__store_rlx(&weft__fd_chunks[i], NULL); /* relaxed: nobody else is there. The memory is left */
	growth = (struct weft__lock){ 0 };
	weft__outside_forget();
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, after_fork_in_child);
}

static int make_chunk(int fd)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint32_t chunk = (uint32_t)fd >> WEFT__FD_CHUNK_LOG2;
	if (chunk >= WEFT__FD_CHUNKS)
		return -EBADF;
	pthread_once(&once, watch_forks);
	weft__lock(&growth);
	if (!weft__load_rlx(&weft__fd_chunks[chunk]))
		weft__store_rel(&weft__fd_chunks[chunk],
				weft__os_map(CHUNK * sizeof(struct weft__fd))); /* order FD-CHUNK */
	weft__unlock(&growth);
	return weft__fd_entry(fd) ? 0 : -ENOMEM;
}

/* Until a close(2) has returned. */
static void relax(void)
{
	(void)weft_yield();
	weft__os_relax();
}

int weft__fd_enter_slow(int fd, struct weft__fd **entry)
{
	struct weft__fd *e = weft__fd_entry(fd);
	int err = e ? 0 : make_chunk(fd);
	if (err)
		return err;
	*entry = e = weft__fd_entry(fd);
	for (;; relax()) {
		uint32_t use = weft__add_acqrel(&e->use, WEFT__FD_USE); /* order FD-USE */
		if (!(use & WEFT__FD_CLOSING))
			return 0;
		weft__fd_leave(e);
		if (!(use & WEFT__FD_CLOSED))
			return -EBADF;
	}
}

/* --- what it is --- */

static int socket_kind(int fd)
{
	int kind = weft__os_socket_kind(fd);
	if (kind < 0)
		return kind;
	bool internet = kind >> 16 == AF_INET || kind >> 16 == AF_INET6;
	return internet && (kind & 0xffff) == IPPROTO_TCP ? WEFT__FD_STREAM : WEFT__FD_SOCKET;
}

static int kind_of(int fd)
{
	int format = weft__os_format(fd);
	switch (format) {
	case S_IFSOCK:
		return socket_kind(fd);
	case S_IFIFO:
		return WEFT__FD_PIPE; /* until that turns out not to work */
	case S_IFREG:
	case S_IFDIR:
	case S_IFBLK:
		return WEFT__FD_FILE;
	}
	int flags = format < 0 ? format : weft__os_set_nonblock(fd);
	return flags < 0 ? flags : WEFT__FD_OTHER;
}

int weft__fd_learn(struct weft__fd *e, int fd)
{
	int kind = kind_of(fd);
	uint8_t known = weft__load_rlx(&e->kind); /* relaxed, and the CAS orders nothing either: a fact */
	while (kind > 0 && !(known & ~WEFT__FD_NONBLOCK))
		if (weft__cas_acqrel(&e->kind, &known, (uint8_t)(known | kind)))
			return kind;
	return kind > 0 ? known & ~WEFT__FD_NONBLOCK : kind; /* another has learnt it, and maybe more */
}

int weft__fd_set_pipe(struct weft__fd *e, int fd)
{
	int flags = weft__os_set_nonblock(fd);
	if (flags >= 0)
		weft__store_rlx(&e->kind, WEFT__FD_PIPE_SET); /* relaxed: as the loads */
	return flags < 0 ? flags : 0;
}

int weft__fd_set_nonblock(struct weft__fd *e, int fd)
{
	if (weft__load_rlx(&e->kind) & WEFT__FD_NONBLOCK)
		return 0;
	int flags = weft__os_set_nonblock(fd);
	if (flags >= 0)
		weft__or_acqrel(&e->kind, WEFT__FD_NONBLOCK);
	return flags < 0 ? flags : 0;
}

/* --- arming --- */

static bool is_armed(struct weft__fd *e, unsigned ways)
{
	/* relaxed: the caller is counted in, so the entry is that of its descriptor, and a bit that is set stays */
	return weft__load_rlx(&e->epoch) == weft__poller_epoch() && (weft__load_rlx(&e->armed) & ways);
}

int weft__fd_arm(struct weft__fd *e, int fd, enum weft__fd_way way, bool anew)
{
	if (!anew && is_armed(e, 1u << way))
		return 0;
	int err = weft__poller_begin();
	if (err || weft__poller_is_uring())
		return err;
	weft__fd_lock(e);
	bool known = is_armed(e, 3);
	unsigned ways = (known ? weft__load_rlx(&e->armed) : 0u) | 1u << way;
	err = weft__epoll_arm(fd, weft__load_rlx(&e->generation), ways, known);
	if (!err) {
		weft__store_rlx(&e->armed, (uint8_t)ways);
		weft__store_rlx(&e->epoch, (uint16_t)weft__poller_epoch());
	}
	weft__fd_unlock(e);
	if (!err && !known)
		weft__poller_armed();
	return err;
}

/* --- closing --- */

/* Under the lock: what is said here is of a descriptor that is gone. The epoch that it was armed in, or 0. */
static uint32_t reset(struct weft__fd *e, enum weft__fd_kind kind)
{
	uint32_t armed = weft__load_rlx(&e->armed) ? weft__load_rlx(&e->epoch) : 0;
	weft__store_rlx(&e->kind,
			(uint8_t)kind); /* relaxed, all: under lock, and whoever is counted in by then sees it */
	weft__store_rlx(&e->armed, 0);
	weft__store_rlx(&e->edges[WEFT__INPUT], 0);
	weft__store_rlx(&e->edges[WEFT__OUTPUT], 0);
	weft__bump_rlx(&e->generation, 1);
	return armed;
}

static void wake_all(struct weft__fd *e)
{
	struct weft__list woken;
	weft__list_init(&woken);
	weft__fd_lock(e);
	if (weft__poller_is_uring()) {
		weft__request_evict(e, &woken);
	} else {
		weft__fd_take(e, WEFT__INPUT, true, &woken);
		weft__fd_take(e, WEFT__OUTPUT, true, &woken);
	}
	weft__fd_unlock(e);
	weft__fd_ready(&woken);
}

void weft__fd_fresh(int fd, enum weft__fd_kind kind)
{
	struct weft__fd *e = weft__fd_entry(fd);
	if (!e && (make_chunk(fd) || !(e = weft__fd_entry(fd))))
		return;
	if (weft__load_rlx(&e->use) >= WEFT__FD_USE) /* relaxed: a mistake of the program's is made good if seen */
		wake_all(e);
	weft__fd_lock(e);
	uint32_t armed = reset(e, kind);
	if (weft__poller_is_uring() && kind == WEFT__FD_STREAM)
		weft__store_rlx(&e->edges[WEFT__INPUT], WEFT__FD_SKIP); /* relaxed: a hint */
	weft__fd_unlock(e);
	weft__poller_disarm(armed, -1);
}

struct closing {
	struct weft__wait wait;
	struct weft__fd *entry;
};

static bool all_out(struct weft__fd *e)
{
	return weft__load_acq(&e->use) == WEFT__FD_CLOSING; /* order FD-USE */
}

static bool closing_commit(struct weft__wait *wait)
{
	struct weft__fd *e = weft__container(wait, struct closing, wait)->entry;
	weft__fd_lock(e);
	bool sleep = !all_out(e);
	e->closer = sleep ? wait->self : NULL;
	weft__fd_unlock(e);
	return sleep;
}

void weft__fd_leave_slow(struct weft__fd *e)
{
	weft__fd_lock(e);
	struct weft__thread *closer = e->closer;
	e->closer = NULL;
	if (closer)
		weft__wait_won(closer);
	weft__fd_unlock(e);
	if (closer)
		weft__ready(closer);
}

/* Whoever waits is woken, and all calls on it end. What they are in else does not wait. */
static void evict(struct weft__fd *e)
{
	static const struct weft__reason reason = { "calls on a descriptor that is being closed", NULL };
	struct weft__thread outside;
	bool kicked = weft__outside_kick();
	wake_all(e);
	while (!all_out(e)) {
		struct closing c = { { closing_commit, NULL, weft__self(&outside), &reason, e, .shielded = true }, e };
		(void)weft__park(&c.wait, WEFT__NEVER);
	}
	if (kicked)
		weft__outside_calm();
}

int weft__fd_close(int fd)
{
	struct weft__fd *e = weft__fd_entry(fd);
	if (!e)
		return weft__os_close(fd);
	uint32_t use;
	while ((use = weft__or_acqrel(&e->use, WEFT__FD_CLOSING)) & WEFT__FD_CLOSED) /* order FD-USE */
		relax();
	if (use & WEFT__FD_CLOSING)
		return -EBADF;
	if (use)
		evict(e);
	weft__fd_lock(e);
	uint32_t armed = reset(e, WEFT__FD_UNKNOWN);
	weft__fd_unlock(e);
	weft__poller_disarm(armed, fd);
	weft__or_acqrel(&e->use, WEFT__FD_CLOSED); /* order FD-USE */
	int err = weft__os_close(fd);
	weft__and_acqrel(&e->use, ~(WEFT__FD_CLOSING | WEFT__FD_CLOSED)); /* order FD-USE */
	return err;
}

bool weft__fd_waiting(void)
{
	for (int i = 0; i < WEFT__FD_CHUNKS; i++) {
		struct weft__fd *first = weft__load_acq(&weft__fd_chunks[i]); /* order FD-CHUNK */
		for (int k = 0; first && k < CHUNK; k++)
			if (weft__load_rlx(&first[k].use) >= WEFT__FD_USE) /* relaxed: who waits is in since long */
				return true;
	}
	return false;
}
