/* SPDX-License-Identifier: MIT */
/*
 * Names. getaddrinfo(3) cannot be stopped, and takes as long as the name servers do. So a look-up is a block of its own, of
 * which both who asks and the green thread that has it done by the blocking pool keep a share; whoever is the last to
 * leave frees it. Who asks may give up and go at any time; a look-up whose turn in the pool comes after that is not done.
 *
 * On a kernel thread without a runtime there is nobody else to do it: there it takes as long as it takes.
 *
 * Orders: RESOLVE  a share is given up (acquire and release): the last to leave sees all that the other did
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/base/atomic.h"
#include "src/net/net.h"
#include "src/os/memory.h"
#include "src/os/net.h"
#include "weft/blocking.h"
#include "weft/sync.h"
#include "weft/thread.h"

struct look_up {
	weft__a32 shares;
	struct weft_event done;
	/* before it is done by who asks, then by the thread of the pool, afterwards by who asks */
	char host[WEFT__HOST_SIZE];
	uint16_t port;
	int err;
	struct weft__addresses found;
};

static void leave(struct look_up *l)
{
	if (weft__sub_acqrel(&l->shares, 1) == 1) /* order RESOLVE */
		weft__os_free(l);
}

static void keep(struct weft__addresses *found, const struct addrinfo *a)
{
	for (found->n = 0; a && found->n < WEFT__ADDRESSES; a = a->ai_next) {
		struct weft__address *to = &found->at[found->n++];
		to->length = a->ai_addrlen;
		memcpy(&to->to, a->ai_addr, a->ai_addrlen);
	}
}

static void *look_up(void *arg)
{
	const struct addrinfo hints = { .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct look_up *l = arg;
	struct addrinfo *list = NULL;
	char port[8];
	if (weft__load_rlx(&l->shares) == 1) /* relaxed: a hint; then nobody wants to know any more */
		return NULL;
	snprintf(port, sizeof port, "%u", l->port);
	l->err = weft__os_look_up(l->host, port, &hints, &list);
	if (l->err == 0) {
		keep(&l->found, list);
		freeaddrinfo(list);
	}
	return NULL;
}

static void *have_it_done(void *arg)
{
	struct look_up *l = arg;
	int err = weft_blocking(look_up, l, NULL);
	if (err)
		l->err = err;
	weft_event_set(&l->done);
	leave(l);
	return NULL;
}

static int wait_for(struct look_up *l, struct weft__addresses *found, uint64_t deadline)
{
	int err = weft_event_wait_timeout(&l->done, weft__net_left(deadline));
	if (!err && !l->err)
		*found = l->found;
	return err ? err : l->err;
}

int weft__resolve(const char *host, uint16_t port, struct weft__addresses *found, uint64_t deadline)
{
	if (deadline == 0)
		return -ETIMEDOUT;
	struct look_up *l = weft__os_alloc(sizeof *l);
	if (!l)
		return -ENOMEM;
	*l = (struct look_up){ .done = WEFT_EVENT_INIT, .port = port };
	weft__store_rlx(&l->shares, 2); /* relaxed: nobody else knows of it yet */
	snprintf(l->host, sizeof l->host, "%s", host);
	int err = weft_spawn(NULL, WEFT_GREEN, have_it_done, l);
	if (err == -EPERM) { /* no runtime */
		have_it_done(l);
		err = 0;
	} else if (err)
		leave(l);
	if (!err)
		err = wait_for(l, found, deadline);
	leave(l);
	return err;
}
