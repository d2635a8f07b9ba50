/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <weft.h>

struct shard {
	uint64_t takes; /* stands for a request to another machine */
	int answer;	/* how many it finds, or an error */
};

static int ask(void *arg)
{
	const struct shard *s = (const struct shard *)arg;
	int err = weft_sleep(s->takes); /* -ECANCELED at once when another has failed, or the time is up */
	return err ? err : s->answer < 0 ? s->answer : 0;
}

/* How many all three find; or the first error, and then nobody is asked any more. */
static int ask_all(struct shard *shards)
{
	struct weft_scope scope;
	int err = weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST);
	if (err)
		return err;
	err = weft_scope_set_timeout(&scope, WEFT_S(1));
	for (int i = 0; i < 3 && !err; i++)
		err = weft_scope_spawn(&scope, WEFT_GREEN, ask, &shards[i]);
	int failure = weft_scope_close(&scope); /* all have ended: what they were given may go */
	if (failure || err)
		return failure ? failure : err;
	return shards[0].answer + shards[1].answer + shards[2].answer;
}

static void *first(void *arg)
{
	struct shard good[] = { { WEFT_MS(3), 20 }, { WEFT_MS(1), 30 }, { WEFT_MS(2), 50 } };
	struct shard broken[] = { { WEFT_S(60), 20 }, { WEFT_MS(1), -EIO }, { WEFT_S(60), 50 } };
	struct shard slow[] = { { WEFT_MS(3), 20 }, { WEFT_S(60), 30 }, { WEFT_MS(2), 50 } };
	int found = ask_all(good), failed = ask_all(broken), late = ask_all(slow);
	printf("%d found; %s; %s\n", found, strerror(-failed), strerror(-late));
	return found == 100 && failed == -EIO && late == -ETIMEDOUT ? arg : NULL;
}

int main(void)
{
	int ok;
	void *result = NULL;
	return weft_run(NULL, first, &ok, &result) || result != &ok;
}
