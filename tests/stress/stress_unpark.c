/* SPDX-License-Identifier: MIT */
/*
 * A storm of unparks in which no permit may be lost. Messages go from thread to random thread: the sender adds to the
 * receiver's mailbox and then unparks it; a thread with an empty mailbox parks. A lost permit leaves its messages where
 * they are, so that all have stopped in the end and the watchdog sees it. Some threads park with a time limit first, and
 * without one when that has passed, some are bound to kernel threads, and outsiders unpark for no reason.
 *
 * Default: a second or two for each number of workers. Long target: WEFT_STRESS=300.
 */
#include "stress.h"

enum { GREEN = 48, BOUND = 4, MEMBERS = GREEN + BOUND, MESSAGES = 24, OUTSIDERS = 2 };

static struct member {
	shared handle, mail;
	uint64_t hops, parks, timeouts;
} members[MEMBERS];

static shared ready, lost_interest, end_of_outsiders;
static uint64_t end;

static void send_one(uint64_t *seed)
{
	struct member *to = &members[pick_of(seed, MEMBERS)];
	add(to->mail, 1);
	must_eq(weft_unpark(get(to->handle)), 0);
}

static void wait_for_mail(struct member *m, uint64_t *seed)
{
	if (pick_of(seed, 3) == 0) {
		int err = weft_park_timeout(pick_of(seed, 2) ? pick_of(seed, 200) : pick_of(seed, 200000));
		must(err == 0 || err == -ETIMEDOUT);
		m->timeouts += err != 0;
		if (err == 0 || get(m->mail))
			return;
	}
	must_eq(weft_park(), 0);
	m->parks++;
}

/* All stay until all messages have come to rest, as a handle must be good as long as somebody sends. */
static void *member(void *arg)
{
	struct member *m = arg;
	uint64_t seed = seed_of((uint64_t)(m - members)), n;
	set(m->handle, weft_self());
	add(ready, 1);
	while (get(lost_interest) < MESSAGES) {
		while ((n = take_all(m->mail)) == 0 && get(lost_interest) < MESSAGES)
			wait_for_mail(m, &seed);
		for (; n > 0; n--) {
			if (weft_now() > end)
				add(lost_interest, 1);
			else
				send_one(&seed);
			m->hops++;
			progress();
		}
	}
	for (int i = 0; i < MEMBERS; i++) /* whoever still waits looks again */
		(void)weft_unpark(get(members[i].handle));
	return NULL;
}

static void *meddle(void *arg)
{
	uint64_t seed = seed_of(1000 + (uintptr_t)arg);
	must_eq(weft_park(), -EPERM);
	while (!get(end_of_outsiders)) {
		int err = weft_unpark(get(members[pick_of(&seed, MEMBERS)].handle));
		must(err == 0 || err == -ESRCH);
		if (pick_of(&seed, 4) == 0)
			usleep(pick_of(&seed, 50));
	}
	return NULL;
}

static void *storm(void *arg)
{
	weft_t thread[MEMBERS];
	uint64_t seed = seed_of(99), hops = 0, parks = 0, timeouts = 0;
	for (int i = 0; i < MEMBERS; i++) {
		set(members[i].handle, 0);
		set(members[i].mail, 0);
		members[i].hops = members[i].parks = members[i].timeouts = 0;
	}
	set(ready, 0);
	set(lost_interest, 0);
	end = phase_end(600);
	for (int i = 0; i < MEMBERS; i++)
		thread[i] = spawn(i < GREEN ? WEFT_GREEN : WEFT_BOUND, member, &members[i]);
	while (get(ready) < MEMBERS)
		weft_yield();
	for (int i = 0; i < MESSAGES; i++)
		send_one(&seed);
	for (int i = 0; i < MEMBERS; i++) {
		join(thread[i]);
		must_eq(weft_unpark(thread[i]), -ESRCH);
		must_eq(get(members[i].mail), 0);
		hops += members[i].hops;
		parks += members[i].parks;
		timeouts += members[i].timeouts;
	}
	printf("stress_unpark: %llu messages, %llu parks, %llu timeouts\n", (unsigned long long)hops,
	       (unsigned long long)parks, (unsigned long long)timeouts);
	return arg;
}

static void phase(void)
{
	const struct weft__tune usual = weft__tune;
	for (int tiny = 0; tiny < 2; tiny++) {
		pthread_t outside[OUTSIDERS];
		set(end_of_outsiders, 0);
		for (uintptr_t i = 0; i < OUTSIDERS; i++)
			outside[i] = outsider(meddle, (void *)i);
		if (tiny) {
			weft__tune.ring_initial = weft__tune.ring_max = 2;
			weft__tune.fair_period = 2;
		}
		stress_run(storm, NULL);
		set(end_of_outsiders, 1);
		for (int i = 0; i < OUTSIDERS; i++)
			pthread_join(outside[i], NULL);
		weft__tune = usual;
	}
}

int main(void)
{
	return stress_main("stress_unpark", phase);
}
