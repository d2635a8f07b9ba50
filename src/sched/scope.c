/* SPDX-License-Identifier: MIT */
/* Scopes: the tree of them, its deadlines and cancellation, opening and closing. Spawning into one is in spawn.c. */
#include "src/sched/scope.h"

#include <errno.h>

#include "src/base/panic.h"
#include "src/os/barrier.h"
#include "src/sched/cancel.h"
#include "src/sched/dispatch.h"
#include "src/sched/spawn.h"

_Static_assert(sizeof(struct weft__scope) <= sizeof(struct weft_scope), "ABI");

static void lock(struct weft__scope *s)
{
	for (unsigned round = 1; weft__xchg_acq(&s->lock, 1) != 0; round++) /* order SCOPE */
		weft__os_spin(round);
}

static void unlock(struct weft__scope *s)
{
	weft__store_rel(&s->lock, 0); /* order SCOPE */
}

/* --- what a waiting thread asks --- */

uint64_t weft__scope_deadline(const struct weft__thread *self, uint64_t deadline)
{
	for (struct weft__scope *s = self->scope; s; s = s->parent) {
		uint64_t d = weft__load_rlx(&s->deadline); /* relaxed: a number, no more */
		if (d < deadline)
			deadline = d;
	}
	return deadline;
}

static void fail(struct weft__scope *s, int why)
{
	uint32_t none = 0;
	(void)weft__cas_acqrel(&s->failure, &none, (uint32_t)why);
}

/* The others who wait there have timers of their own: nobody has to be woken. */
void weft__scope_expire(const struct weft__thread *self)
{
	uint64_t now = weft__os_now();
	for (struct weft__scope *s = self->scope; s; s = s->parent)
		if (weft__load_rlx(&s->deadline) <= now && !weft__load_rlx(&s->canceled)) {
			fail(s, -ETIMEDOUT);
			weft__store_rel(&s->canceled, 1);
		}
}

/* --- enlisting --- */

static bool is_enlisted(struct weft__scope *s)
{
	return !s->parent || weft__load_acq(&s->is_enlisted); /* order SCOPE */
}

/* From the top down, so that who finds a scope enlisted knows the same of all above it. */
static void enlist_scope(struct weft__scope *s)
{
	while (!is_enlisted(s)) {
		struct weft__scope *highest = s;
		while (!is_enlisted(highest->parent))
			highest = highest->parent;
		lock(highest->parent);
		if (!is_enlisted(highest))
			weft__list_push_back(&highest->parent->scopes, &highest->enlisted);
		weft__store_rel(&highest->is_enlisted, 1); /* order SCOPE */
		unlock(highest->parent);
	}
}

void weft__scope_enlist(struct weft__thread *self)
{
	struct weft__scope *s = self->scope;
	if (self->listed == s)
		return;
	weft__scope_delist(self);
	enlist_scope(s);
	lock(s);
	weft__list_push_back(&s->threads, &self->enlisted);
	unlock(s);
	self->listed = s;
}

void weft__scope_delist(struct weft__thread *self)
{
	struct weft__scope *s = self->listed;
	if (!s)
		return;
	lock(s);
	weft__list_remove(&self->enlisted);
	unlock(s);
	self->listed = NULL;
}

/* --- cancellation --- */

/* Lock a scope and all that have enlisted below it; they are chained by `locked`. */
static void lock_tree(struct weft__scope *root)
{
	struct weft__scope *last = root;
	lock(root);
	root->locked = NULL;
	for (struct weft__scope *s = root; s; s = s->locked)
		for (struct weft__list *l = s->scopes.next; l != &s->scopes; l = l->next) {
			last->locked = weft__container(l, struct weft__scope, enlisted);
			last = last->locked;
			lock(last);
			last->locked = NULL;
		}
}

static void unlock_tree(struct weft__scope *s)
{
	while (s) {
		struct weft__scope *next = s->locked;
		unlock(s);
		s = next;
	}
}

static struct weft__thread *thread_of(struct weft__list *l)
{
	return weft__container(l, struct weft__thread, enlisted);
}

static void hold_threads(struct weft__scope *s)
{
	for (struct weft__list *l = s->threads.next; l != &s->threads; l = l->next)
		weft__hold(thread_of(l));
}

/* Those whose waits were ended are put before `ours`. */
static struct weft__thread *end_waits(struct weft__scope *s, struct weft__thread *ours)
{
	for (struct weft__list *l = s->threads.next; l != &s->threads; l = l->next) {
		struct weft__thread *t = thread_of(l);
		bool mine = weft__end_wait(t);
		weft__release(t);
		if (mine) {
			t->link = ours;
			ours = t;
		}
	}
	return ours;
}

static void cancel(struct weft__scope *root)
{
	struct weft__thread *ours = NULL, *next;
	weft__store_rel(&root->canceled, 1);
	lock_tree(root);
	for (struct weft__scope *s = root; s; s = s->locked)
		hold_threads(s);
	weft__os_barrier(); /* order WAIT: one for all of them */
	for (struct weft__scope *s = root; s; s = s->locked)
		ours = end_waits(s, ours);
	unlock_tree(root);
	for (; ours; ours = next) {
		next = ours->link;
		weft__ready(ours);
	}
}

void weft__scope_child_failed(struct weft__scope *s, int why)
{
	fail(s, why);
	if ((s->flags & WEFT_SCOPE_FAIL_FAST) && !weft__load_rlx(&s->canceled))
		cancel(s);
}

int weft_scope_cancel(struct weft_scope *scope)
{
	struct weft__scope *s = weft__scope_of(scope);
	fail(s, -ECANCELED);
	cancel(s);
	return 0;
}

/* --- opening and closing --- */

int weft_scope_open(struct weft_scope *scope, unsigned flags)
{
	struct weft__scope *s = weft__scope_of(scope);
	struct weft__thread *self = weft__self_or_null();
	if (flags & ~WEFT_SCOPE_FAIL_FAST)
		return -EINVAL;
	*s = (struct weft__scope){ .owner = weft__caller(), .flags = flags };
	weft__store_rlx(&s->deadline, WEFT__NEVER); /* relaxed, as all here: nobody knows the scope yet */
	weft__list_init(&s->threads);
	weft__list_init(&s->scopes);
	weft__list_init(&s->enlisted);
	if (self) {
		s->parent = self->scope;
		self->scope = s;
		self->scopes++;
		self->escaped = true;
	}
	return 0;
}

int weft_scope_set_deadline(struct weft_scope *scope, uint64_t deadline)
{
	struct weft__scope *s = weft__scope_of(scope);
	if (s->owner != weft__caller())
		return -EPERM;
	weft__store_rlx(&s->deadline, deadline); /* relaxed: a number, no more */
	return 0;
}

int weft_scope_set_timeout(struct weft_scope *scope, uint64_t nanoseconds)
{
	return weft_scope_set_deadline(scope, weft__os_after(nanoseconds));
}

struct closing {
	struct weft__wait wait;
	struct weft__scope *scope;
};

static bool closing_commit(struct weft__wait *wait)
{
	struct weft__scope *s = weft__container(wait, struct closing, wait)->scope;
	s->closer = wait->self;
	return weft__or_acqrel(&s->live, WEFT__SCOPE_CLOSING) != 0; /* order SCOPE-LIVE */
}

static void await_children(struct weft__scope *s)
{
	static const struct weft__reason reason = { "the children of its scope", NULL };
	struct weft__thread outside;
	struct closing c = { .wait = { closing_commit, NULL, weft__self(&outside), &reason, s, .shielded = true },
			     .scope = s };
	weft__park(&c.wait, WEFT__NEVER);
}

void weft__scope_leave(struct weft__scope *s, struct weft__worker *w)
{
	uint32_t was = weft__sub_acqrel(&s->live, WEFT__SCOPE_CHILD); /* order SCOPE-LIVE */
	if (was == (WEFT__SCOPE_CHILD | WEFT__SCOPE_CLOSING))
		weft__ready_from(w, s->closer);
}

/* Out of the lists that the scope and its opener are in. */
static void leave_tree(struct weft__scope *s, struct weft__thread *self)
{
	if (self->listed == s)
		weft__scope_delist(self);
	if (s->parent && weft__load_rlx(&s->is_enlisted)) { /* relaxed: nobody is left who could change it */
		lock(s->parent);
		weft__list_remove(&s->enlisted);
		unlock(s->parent);
		lock(s); /* who found it there before unlocks it after its parent, and touches it till then */
		unlock(s);
	}
	self->scope = s->parent;
	self->scopes--;
}

int weft_scope_close(struct weft_scope *scope)
{
	struct weft__scope *s = weft__scope_of(scope);
	struct weft__thread *self = weft__self_or_null();
	if (s->owner != weft__caller())
		return -EPERM;
	if (self && self->scope != s)
		weft__panic("weft_scope_close: a scope that was opened inside it is still open");
	if (weft__load_acq(&s->live)) /* order SCOPE-LIVE */
		await_children(s);
	if (self)
		leave_tree(s, self);
	s->owner = 0;
	return (int)weft__load_acq(&s->failure);
}

void weft__scope_close_all(struct weft__thread *self)
{
	while (self->scopes) {
		struct weft__scope *s = self->scope;
		cancel(s);
		(void)weft_scope_close((struct weft_scope *)(void *)s);
	}
}
