/* SPDX-License-Identifier: MIT */
/*
 * Random programs of threads that lock, send, wait, spawn and clean up, each of which crashes at a random one of its steps, in
 * a random way. With containment: every joiner learns just what happened, what the dead have left is in order, and nothing
 * is left over. Without: the process dies of that signal, mostly within a second.
 *
 * WEFT_TEST_FAULTS: how many faults are contained; a hundredth as many take their process.
 */
#include "tests/support/faults.h"

#include "src/stack/stack.h"
#include "tests/support/child.h"

enum { CREW = 8, STEPS = 12, ACCOUNTS = 4, ROUNDS_A_CREW = 4 };

static struct account {
	struct weft_mutex mutex; /* robust */
	long debit, credit;	 /* equal */
} accounts[ACCOUNTS];

static struct weft_mutex guarded = WEFT_MUTEX_INIT; /* unlocked by a handler */
static struct weft_rwlock rwlock = WEFT_RWLOCK_INIT;
static struct weft_sem sem = WEFT_SEM_INIT(3);
static struct weft_chan *chan;
static weft_local_t key;
static shared sent, received, values, destroyed, pushed, handled, faults, repaired;

struct player {
	uint64_t random;
	unsigned left; /* steps to the crash */
	unsigned depth;
};

static uint64_t draw(struct player *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random >> 11;
}

static enum fault some_fault(struct player *p)
{
	static const enum fault often[] = { NULL_WRITE, WILD_READ, NULL_CALL,  WILD_CALL,
					    ILLEGAL,	DIVIDE,	   NULL_WRITE, BUS };
	uint64_t n = draw(p);
	if (n % 64 == 0)
		return OVERFLOW;
	enum fault how = often[n % 8];
	return exists(how) ? how : NULL_WRITE;
}

/* Between any two things that a player does. */
static void maybe_crash(struct player *p)
{
	if (p->left-- > 0)
		return;
	add(faults, 1);
	fault(some_fault(p));
}

static void handle(void *arg)
{
	add(handled, 1);
	if (arg)
		check_eq(weft_mutex_unlock(arg), 0);
}

static void release_sem(void *arg)
{
	add(handled, 1);
	check_eq(weft_sem_release(arg, 1), 0);
}

static void release_rwlock(void *arg)
{
	add(handled, 1);
	check_eq(weft_rwlock_unlock(arg), 0);
}

static void destroy(void *value)
{
	add(destroyed, 1);
	free(value);
}

static void push(struct weft_cleanup *cleanup, void (*fn)(void *), void *arg)
{
	check_eq(weft_cleanup_push(cleanup, fn, arg), 0);
	add(pushed, 1);
}

static void transfer(struct player *p)
{
	struct account *a = &accounts[draw(p) % ACCOUNTS];
	int err = weft_mutex_lock(&a->mutex);
	if (err == -EOWNERDEAD) {
		a->credit = a->debit;
		check_eq(weft_mutex_consistent(&a->mutex), 0);
		add(repaired, 1);
	} else {
		check_eq(err, 0);
	}
	check_eq(a->debit, a->credit);
	a->debit++;
	maybe_crash(p);
	if (draw(p) % 2)
		weft_yield();
	a->credit++;
	maybe_crash(p);
	check_eq(weft_mutex_unlock(&a->mutex), 0);
}

static void lock_guarded(struct player *p)
{
	struct weft_cleanup cleanup;
	check_eq(weft_mutex_lock(&guarded), 0);
	push(&cleanup, handle, &guarded);
	maybe_crash(p);
	weft_yield();
	maybe_crash(p);
	check_eq(weft_cleanup_pop(&cleanup, true), 0);
}

static void use_sem(struct player *p)
{
	struct weft_cleanup cleanup;
	check_eq(weft_sem_acquire(&sem), 0);
	push(&cleanup, release_sem, &sem);
	maybe_crash(p);
	weft_sleep(draw(p) % 8 ? 0 : WEFT_US(20));
	check_eq(weft_cleanup_pop(&cleanup, true), 0);
}

static void use_rwlock(struct player *p)
{
	struct weft_cleanup cleanup;
	check_eq(draw(p) % 2 ? weft_rwlock_rdlock(&rwlock) : weft_rwlock_wrlock(&rwlock), 0);
	push(&cleanup, release_rwlock, &rwlock);
	weft_yield();
	maybe_crash(p);
	check_eq(weft_cleanup_pop(&cleanup, true), 0);
}

static void talk(struct player *p)
{
	uint64_t n = draw(p) % 1000, got;
	if (draw(p) % 2 && weft_chan_trysend(chan, &n) == 0)
		add(sent, n);
	maybe_crash(p);
	if (weft_chan_tryrecv(chan, &got) == 0)
		add(received, got);
}

static void set_value(struct player *p)
{
	if (weft_local_get(key))
		return;
	void *value = malloc(16);
	check_eq(weft_local_set(key, value), 0);
	add(values, 1);
	maybe_crash(p);
}

static void *play(void *arg);

static struct player child_of(struct player *p)
{
	return (struct player){ .random = draw(p) | 1, .left = (unsigned)(draw(p) % STEPS), .depth = p->depth + 1 };
}

/* A child that crashes, or two in a scope; we may go first. */
static void have_child(struct player *p)
{
	struct player child = child_of(p);
	if (p->depth >= 2)
		return;
	weft_t t = spawn(draw(p) % 64 ? WEFT_GREEN : WEFT_BOUND, play, &child);
	struct weft_status status = end_of(t);
	check_eq(status.how, WEFT_CRASHED);
	maybe_crash(p);
}

static int stay(void *arg)
{
	check_eq(weft_sleep(WEFT_S(100)), -ECANCELED);
	return arg ? 0 : 1;
}

static void open_scope(struct player *p)
{
	struct weft_scope scope;
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_spawn(&scope, NULL, stay, &scope), 0);
	maybe_crash(p);
	check_eq(weft_scope_cancel(&scope), 0);
	check_eq(weft_scope_close(&scope), -ECANCELED);
}

static void *play(void *arg)
{
	static void (*const moves[])(struct player *) = { transfer,  lock_guarded, use_sem,    use_rwlock, talk,
							  set_value, have_child,   open_scope, transfer };
	struct player p = *(struct player *)arg;
	struct weft_cleanup cleanup;
	push(&cleanup, handle, NULL);
	while (p.depth < STEPS) { /* for ever */
		moves[draw(&p) % (sizeof moves / sizeof *moves)](&p);
		maybe_crash(&p);
	}
	return NULL;
}

static void check_order(void)
{
	for (int i = 0; i < ACCOUNTS; i++) {
		int err = weft_mutex_lock(&accounts[i].mutex);
		check(err == 0 || err == -EOWNERDEAD);
		if (err)
			accounts[i].credit = accounts[i].debit;
		check(!err || weft_mutex_consistent(&accounts[i].mutex) == 0);
		check_eq(weft_mutex_unlock(&accounts[i].mutex), 0);
	}
	check_eq(get(handled), get(pushed));
	check_eq(get(destroyed), get(values));
	check_eq(weft_mutex_trylock(&guarded), 0);
	check_eq(weft_mutex_unlock(&guarded), 0);
	check_eq(weft_rwlock_wrlock_timeout(&rwlock, 0), 0);
	check_eq(weft_rwlock_unlock(&rwlock), 0);
	for (int i = 0; i < 3; i++)
		check_eq(weft_sem_tryacquire(&sem), 0);
	check_eq(weft_sem_tryacquire(&sem), -EAGAIN);
	check_eq(weft_sem_release(&sem, 3), 0);
}

struct game {
	uint64_t random, faults;
};

static void *body(void *arg)
{
	struct game *game = arg;
	struct player p[CREW], source = { .random = game->random };
	uint64_t n;
	while (get(faults) < game->faults) {
		weft_t t[CREW];
		for (int i = 0; i < CREW; i++) {
			p[i] = child_of(&source);
			p[i].depth = 0;
			t[i] = spawn(draw(&source) % 256 ? WEFT_GREEN : WEFT_BOUND, play, &p[i]);
		}
		for (int i = 0; i < CREW; i++)
			check_eq(end_of(t[i]).how, WEFT_CRASHED);
		check_order();
	}
	while (weft_chan_tryrecv(chan, &n) == 0)
		add(received, n);
	check_eq(get(sent), get(received));
	check(weft__stack_count((unsigned)weft__stack_class(256 << 10)).made < 1000); /* none is lost */
	return arg;
}

static void set_up(void)
{
	const struct weft_mutex robust = WEFT_MUTEX_ROBUST_INIT;
	for (int i = 0; i < ACCOUNTS; i++)
		accounts[i] = (struct account){ .mutex = robust };
	check_eq(weft_chan_create(&chan, sizeof(uint64_t), 64), 0);
	check_eq(weft_local_create(&key, destroy), 0);
}

static uint64_t wanted(void)
{
	const char *given = getenv("WEFT_TEST_FAULTS");
	if (given)
		return strtoull(given, NULL, 0);
	return getenv("EMULATOR") && *getenv("EMULATOR") ? 2000 : (uint64_t)rounds(100000);
}

START_TEST(contained)
{
	struct game game = { new_seed(), wanted() };
	struct weft_config config = containing(workers_at_least(1));
	set_up();
	run_with(&config, body, &game);
	printf("%llu faults contained, %llu accounts repaired\n", (unsigned long long)get(faults),
	       (unsigned long long)get(repaired));
	ck_assert_uint_gt(get(repaired), game.faults / 1000);
}
END_TEST

/* --- the other policy --- */

static int run_once(void *arg)
{
	struct weft_config config = workers_at_least(1);
	check_eq(weft_config_set_crash_format(&config, WEFT_CRASH_JSON), 0);
	set_up();
	return weft_run(&config, body, arg, NULL) ? 98 : 99;
}

START_TEST(fatal)
{
	const char *emulator = getenv("EMULATOR");
	struct player source = { .random = new_seed() };
	uint64_t slowest = 0, n = wanted() / 500 + 10;
	for (uint64_t i = 0; i < n; i++) {
		struct game game = { draw(&source) | 1, 1 };
		uint64_t begun = weft_now();
		struct child child = run_child(run_once, &game);
		uint64_t took = weft_now() - begun;
		slowest = took > slowest ? took : slowest;
		ck_assert_msg(WIFSIGNALED(child.status) || WEFT__ASAN, "wait status %#x", (unsigned)child.status);
		ck_assert(!WIFSIGNALED(child.status) || WTERMSIG(child.status) != SIGALRM);
		ck_said(&child, "{\"weft\":\"crash\",\"signal\":\"SIG");
		ck_said(&child, "\"contained\":false");
	}
	printf("%llu faults took their process, in %llu us at most\n", (unsigned long long)n,
	       (unsigned long long)slowest / 1000);
	if (!WEFT__ASAN && !(emulator && *emulator))
		ck_assert_uint_lt(slowest, WEFT_S(1));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { contained, fatal, NULL };
	skip_unless_contained();
	return run_tests("fault/crashes", tests);
}
