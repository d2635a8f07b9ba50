/* SPDX-License-Identifier: MIT */
/* Tickers: the tick that comes next, and how far apart they are. Saturates: what would come after the end of time never comes. */
#include <errno.h>

#include "src/os/clock.h"
#include "weft/time.h"

struct ticker {
	uint64_t next; /* WEFT__NEVER: none */
	uint64_t period;
};

_Static_assert(sizeof(struct ticker) == sizeof(struct weft_ticker), "ABI");

static struct ticker *ticker_of(struct weft_ticker *ticker)
{
	return (struct ticker *)(void *)ticker;
}

int weft_ticker_start(struct weft_ticker *ticker, uint64_t period_ns)
{
	if (!ticker || !period_ns)
		return -EINVAL;
	*ticker_of(ticker) = (struct ticker){ weft__os_after(period_ns), period_ns };
	return 0;
}

int weft_ticker_wait(struct weft_ticker *ticker, uint64_t *missed)
{
	struct ticker *t = ticker_of(ticker);
	if (!ticker || !t->period)
		return -EINVAL;
	int err = weft_sleep_until(t->next);
	if (err)
		return err;
	uint64_t more = (weft__os_now() - t->next) / t->period, last = t->next + more * t->period;
	t->next = t->period > WEFT__NEVER - last ? WEFT__NEVER : last + t->period;
	if (missed)
		*missed = more;
	return 0;
}
