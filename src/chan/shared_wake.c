/* SPDX-License-Identifier: MIT */
/*
 * To sleep for the other process's wakes, and to give them. At most two threads of a process are at the socket of an end, a
 * sender and a receiver, and one of them listens there: whatever comes, it says so to the other, and both look at their ring
 * again.
 *
 *      one that waits                                 the one that listens
 *   1  seen = heard                                1  a byte has come, or it gives up
 *   2  look at the ring; nothing: set WAITING      2  lock; heard += 1; not listening; is one queued?
 *   3  lock; heard == seen and one listens:        3  unlock
 *      queued; unlock; wait for `again`            4  one was: `again`
 *      nobody does: listen
 *
 * The byte that is for another comes after that one's (2): so its listener is done either before (3), which sees `heard`
 * changed or nobody listening, or after, and finds one queued. An `again` that comes for one who has given up is left for the
 * next one queued, who looks once more than needed.
 */
#include <errno.h>
#include <poll.h>

#include "src/chan/shared.h"
#include "src/os/io.h"
#include "weft/io.h"
#include "weft/time.h"

static void set_gone(struct weft__shared_end *end)
{
	weft__store_rel(&end->gone, 1); /* order SHARED-GONE */
}

/* If the socket is full, there is a byte to find. */
void weft__shared_wake(struct weft__shared_end *end)
{
	ssize_t n = weft__os_sendto(end->wake, "", 1, 0, NULL, 0);
	if (n == -EPIPE || n == -ECONNRESET)
		set_gone(end);
}

void weft__shared_probe(struct weft__shared_end *end)
{
	struct pollfd p = { .fd = end->wake, .events = POLLRDHUP };
	if (weft__os_poll(&p, 1, 0) > 0)
		set_gone(end);
}

static uint64_t left(uint64_t deadline)
{
	uint64_t now = weft__os_now();
	return deadline == WEFT__NEVER ? WEFT_FOREVER : deadline > now ? deadline - now : 0;
}

static int listen_until(struct weft__shared_end *end, uint64_t deadline)
{
	char bytes[16];
	ssize_t n = weft_recv_timeout(end->wake, bytes, sizeof bytes, 0, left(deadline));
	if (n == 0 || n == -ECONNRESET)
		set_gone(end);
	return n < 0 && n != -ECONNRESET ? (int)n : 0;
}

/* --- among the threads of this process --- */

/* False: somebody has listened since, who may have heard what the caller waits for. */
static bool join_in(struct weft__shared_end *end, uint32_t seen, bool *listens)
{
	weft__chan_lock_word(&end->lock);
	bool waits = weft__load_rlx(&end->heard) == seen; /* relaxed: under lock */
	*listens = !end->listening;
	if (waits && *listens)
		end->listening = true;
	else if (waits)
		end->queued = true;
	weft__chan_unlock_word(&end->lock);
	return waits;
}

static void stop_listening(struct weft__shared_end *end)
{
	weft__chan_lock_word(&end->lock);
	bool queued = end->queued;
	end->listening = end->queued = false;
	weft__store_rel(&end->heard, weft__load_rlx(&end->heard) + 1); /* order SHARED-HEARD; relaxed: under lock */
	weft__chan_unlock_word(&end->lock);
	if (queued)
		(void)weft_sem_release(&end->again, 1);
}

static void stop_queueing(struct weft__shared_end *end)
{
	weft__chan_lock_word(&end->lock);
	end->queued = false;
	weft__chan_unlock_word(&end->lock);
}

int weft__shared_hear(struct weft__shared_end *end, uint32_t seen, uint64_t deadline)
{
	bool listens;
	int err;
	if (!join_in(end, seen, &listens))
		return 0;
	if (listens) {
		err = listen_until(end, deadline);
		stop_listening(end);
	} else {
		err = weft_sem_acquire_timeout(&end->again, left(deadline));
		if (err)
			stop_queueing(end);
	}
	return err;
}
