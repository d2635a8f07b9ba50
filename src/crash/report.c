/* SPDX-License-Identifier: MIT */
/*
 * The report of a crash, as text or as one JSON object, by write(2). First what happened, then what may be damaged: names
 * are looked up in files, so a report takes some hundred microseconds.
 *
 * So those of crashes that were contained are kept, in a few places that any kernel thread can take one of, and written by the
 * monitor within some milliseconds, or by whoever reports that the process dies. When all are taken, crashes are counted only.
 *
 * Orders: CRASH-KEPT  a kept report: written, then FULL (release) -> who writes it: CAS from FULL (acquire); and back, EMPTY
 */
#include "src/crash/report.h"

#include <unistd.h>

#include "src/base/atomic.h"
#include "src/crash/describe.h"
#include "src/os/lock.h"
#include "src/sched/spawn.h"

static struct {
	int fd;
	bool json;
} to = { STDERR_FILENO, false };

void weft__report_set(int fd, bool json)
{
	to.fd = fd;
	to.json = json;
}

enum { KEPT = 32 };

/* --- seeing --- */

static void see_thread(struct weft__crash *crash, const struct weft__thread *t, uintptr_t sp)
{
	crash->thread = t->handle;
	crash->spawned_at = t->spawned_at;
	weft__name_load(t->handle, crash->name);
	if (crash->in != WEFT__CRASH_GREEN || t->class >= WEFT__STACK_CLASSES)
		return;
	crash->stack = weft__stack_size(t->class);
	crash->overflow = !crash->sent && weft__stack_guard_hit(crash->address, t, t->class);
	uintptr_t used = (uintptr_t)weft__stack_top(t) - sp;
	crash->used = used <= crash->stack + WEFT__STACK_GUARD ? used : 0;
}

void weft__crash_see(struct weft__crash *crash, int signal, const siginfo_t *info, const void *ucontext)
{
	struct weft__worker *w = weft__worker();
	struct weft__thread *t = w ? w->current : weft__kernel_self();
	uintptr_t sp = 0;
	*crash = (struct weft__crash){ .signal = signal, .code = info->si_code, .sent = info->si_code <= 0 };
#if WEFT_ARCH_DWARF_REGISTERS > 0
	weft__arch_registers_of(ucontext, &crash->regs);
	sp = crash->regs.value[WEFT_ARCH_DWARF_SP];
#else
	(void)ucontext;
#endif
	if (!crash->sent)
		crash->address = info->si_addr;
	if (signal == SIGABRT)
		weft__panic_said(crash->message, sizeof crash->message);
	if (w)
		crash->worker = w->index;
	crash->in = w ? (t ? WEFT__CRASH_GREEN : WEFT__CRASH_IDLE) : (t ? WEFT__CRASH_BOUND : WEFT__CRASH_OUTSIDE);
	if (t)
		see_thread(crash, t, sp);
}

void weft__crash_see_thrown(struct weft__crash *crash, const struct weft__thread *self)
{
	struct weft__worker *w = weft__worker();
	*crash = (struct weft__crash){ .signal = SIGABRT,
				       .sent = true,
				       .exception = true,
				       .in = w ? WEFT__CRASH_GREEN : WEFT__CRASH_BOUND,
				       .worker = w ? w->index : 0 };
	see_thread(crash, self, (uintptr_t)__builtin_frame_address(0));
}

/* --- writing --- */

/* One report at a time. Whoever is in may die in it, or hang in a write: then the others do without. */
static weft__a32 writing;

static bool enter(void)
{
	const unsigned a_second = 1000;
	for (unsigned i = 0; weft__xchg_acqrel(&writing, 1); i++) {
		if (i == a_second)
			return false;
		usleep(1000);
	}
	return true;
}

static void leave(bool entered)
{
	if (entered)
		weft__store_rel(&writing, 0);
}

static void write_one(const struct weft__crash *crash)
{
	bool entered = enter();
	if (to.json)
		weft__describe_json(crash, to.fd);
	else
		weft__describe_text(crash, to.fd);
	leave(entered);
}

void weft__report_write(const struct weft__crash *crash)
{
	weft__report_write_kept(KEPT);
	write_one(crash);
}

/* --- keeping --- */

enum { EMPTY, TAKEN, FULL };

static struct {
	weft__a32 state;
	struct weft__crash crash;
} kept[KEPT];

static weft__a32 not_kept; /* crashes that found no place */
static weft__a32 any;	   /* there may be some: a hint for those who look often */

static bool take(unsigned i, uint32_t from)
{
	return weft__load_rlx(&kept[i].state) == from &&       /* relaxed: the CAS orders */
	       weft__cas_acqrel(&kept[i].state, &from, TAKEN); /* order CRASH-KEPT */
}

void weft__report_keep(const struct weft__crash *crash)
{
	unsigned i = 0;
	while (i < KEPT && !take(i, EMPTY))
		i++;
	if (i < KEPT) {
		kept[i].crash = *crash;
		weft__store_rel(&kept[i].state, FULL); /* order CRASH-KEPT */
	} else {
		weft__add_acqrel(&not_kept, 1);
	}
	weft__store_rel(&any, 1); /* order CRASH-KEPT: after what it tells of */
}

void weft__report_write_kept(unsigned most)
{
	if (!weft__load_rlx(&any) || !weft__xchg_acqrel(&any, 0)) /* relaxed: a hint; order CRASH-KEPT */
		return;
	for (unsigned i = 0; i < KEPT && most > 0; i++)
		if (take(i, FULL)) {
			write_one(&kept[i].crash);
			weft__store_rel(&kept[i].state, EMPTY); /* order CRASH-KEPT */
			most--;
		}
	if (most == 0)
		weft__store_rel(&any, 1);
	uint32_t more = weft__xchg_acqrel(&not_kept, 0);
	if (more)
		weft__describe_more(more, to.fd, to.json);
}
