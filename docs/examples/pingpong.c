/* SPDX-License-Identifier: MIT */
/*
 * Two threads that take turns by park and unpark. What a thread wrote before weft_unpark is seen by the other after its
 * weft_park, so what they share needs no lock.
 */
#include <stdio.h>
#include <string.h>
#include <weft.h>

enum { ROUNDS = 100000 };

struct player {
	weft_t peer;
	bool last; /* nobody waits for its last return of the ball */
	int err;
	unsigned *ball;
};

static void *play(void *arg)
{
	struct player *p = (struct player *)arg;
	for (int i = 0; i < ROUNDS && !p->err; i++) {
		p->err = weft_park();
		++*p->ball;
		if (!p->err && !(p->last && i == ROUNDS - 1))
			p->err = weft_unpark(p->peer);
	}
	return NULL;
}

static void *first(void *arg)
{
	unsigned *ball = (unsigned *)arg;
	struct player a = { WEFT_NONE, false, 0, ball }, b = { WEFT_NONE, true, 0, ball };
	weft_t thread_a, thread_b;
	/* A child may run before weft_spawn returns its handle. So both park first, and are told whom to play with. */
	if (weft_spawn(&thread_a, WEFT_GREEN, play, &a) != 0)
		return NULL;
	int err = weft_spawn(&thread_b, WEFT_GREEN, play, &b);
	if (err) {
		/* There is no peer: the first player finds that out when it returns the ball, and ends. */
		if (weft_unpark(thread_a) != 0 || weft_join(thread_a, NULL) != 0)
			fputs("the first player is stuck\n", stderr);
		return NULL;
	}
	a.peer = thread_b;
	b.peer = thread_a;
	err = weft_unpark(thread_a);
	if (err || weft_join(thread_a, NULL) != 0 || weft_join(thread_b, NULL) != 0)
		return NULL;
	return a.err || b.err ? NULL : ball;
}

int main(void)
{
	unsigned ball = 0;
	void *result = NULL;
	int err = weft_run(NULL, first, &ball, &result);
	if (err) {
		fprintf(stderr, "weft_run: %s\n", strerror(-err));
		return 1;
	}
	printf("the ball was hit %u times\n", ball);
	return result != &ball || ball != 2 * ROUNDS;
}
