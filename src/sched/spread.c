/* SPDX-License-Identifier: MIT */
/* Spreading workers over CPUs; see spread.h. */
#include "src/sched/spread.h"

#include "src/os/clock.h"
#include "src/os/cpu.h"

/* Beyond so many to look where all are costs more than it may gain. */
enum { WORKERS_MOST = 64 };

/* The CPUs of the others that are awake, as they were last told. */
static void others(struct weft__worker *w, cpu_set_t *taken)
{
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	CPU_ZERO(taken);
	weft__lock(&weft__pool.spread_lock);
	for (uint32_t i = 0; i < n; i++) {
		struct weft__worker *other = weft__load_acq(&weft__pool.worker[i]);		   /* order WORKERS */
		if (other != w && other->cpu && weft__load_rlx(&other->token) == WEFT__TOKEN_HELD) /* relaxed: a hint */
			CPU_SET(*other->cpu % CPU_SETSIZE, taken);
	}
	weft__unlock(&weft__pool.spread_lock);
}

/* Where a kernel thread may run: before, and while it keeps from others. */
struct places {
	cpu_set_t all, kept;
};

/* The caller keeps from these, if there are others among those where it may run. */
static bool leave(const cpu_set_t *taken, struct places *places)
{
	if (!weft__os_may_run_on(&places->all))
		return false;
	CPU_AND(&places->kept, &places->all, taken);
	CPU_XOR(&places->kept, &places->all, &places->kept);
	return CPU_COUNT(&places->kept) > 0 && weft__os_run_on(&places->kept);
}

/* Unless somebody else has said meanwhile where it may run. */
static void come_back(const struct places *places)
{
	cpu_set_t now;
	if (weft__os_may_run_on(&now) && CPU_EQUAL(&now, &places->kept))
		(void)weft__os_run_on(&places->all);
}

/* Whether another that is awake is on its CPU; not looked at more often than now and then. */
static bool shares(struct weft__worker *w, uint64_t now, cpu_set_t *taken)
{
	if (now - w->spread_looked < weft__tune.spread_look_ns)
		return false;
	w->spread_looked = now;
	others(w, taken);
	if (!CPU_ISSET(*w->cpu % CPU_SETSIZE, taken))
		return false;
	weft__store_rlx(&weft__pool.spread_until, now + weft__tune.spread_ns); /* relaxed: a hint */
	return true;
}

/* Where it is not to sleep, if there is more than one place. */
static bool is_to_leave(struct weft__worker *w, cpu_set_t *taken)
{
	uint32_t n = weft__load_acq(&weft__pool.workers); /* order WORKERS */
	if (!w->cpu || n == 1 || n > WORKERS_MOST)
		return false;
	uint64_t now = weft__os_now();
	if (now >= weft__load_rlx(&weft__pool.spread_until)) /* relaxed: a hint */
		return w->spins && shares(w, now, taken);
	others(w, taken);
	return true;
}

bool weft__spread_wait(struct weft__worker *w, uint32_t wake)
{
	cpu_set_t taken;
	struct places places;
	bool away = is_to_leave(w, &taken) && leave(&taken, &places);
	bool woken = weft__os_futex_wait(&w->wake, wake, weft__load_rlx(&w->deadline));
	if (away)
		come_back(&places);
	return woken;
}

void weft__spread_begin(struct weft__worker *w)
{
	weft__lock(&weft__pool.spread_lock);
	w->cpu = weft__os_cpu_word();
	weft__unlock(&weft__pool.spread_lock);
}

void weft__spread_end(struct weft__worker *w)
{
	weft__lock(&weft__pool.spread_lock);
	w->cpu = NULL;
	weft__unlock(&weft__pool.spread_lock);
}
