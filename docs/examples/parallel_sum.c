/* SPDX-License-Identifier: MIT */
/* Fork and join: the sum of an array. Each half is a thread until a piece is too small to be worth one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

enum { COUNT = 1000000, PIECE = 1000 };
static uint32_t numbers[COUNT];

struct range {
	size_t from, to;
	uint64_t sum;
};

static void *sum(void *arg)
{
	struct range *r = (struct range *)arg;
	if (r->to - r->from <= PIECE) {
		for (size_t i = r->from; i < r->to; i++)
			r->sum += numbers[i];
		return NULL;
	}
	size_t middle = r->from + (r->to - r->from) / 2;
	struct range left = { r->from, middle, 0 }, right = { middle, r->to, 0 };
	weft_t child;
	/* `left` lives in this frame, which stays until the child is joined. */
	bool spawned = weft_spawn(&child, WEFT_GREEN, sum, &left) == 0;
	sum(&right);
	if (!spawned)
		sum(&left); /* no memory for one more thread: do its work here */
	else if (weft_join(child, NULL) != 0)
		abort();
	r->sum = left.sum + right.sum;
	return NULL;
}

int main(void)
{
	for (size_t i = 0; i < COUNT; i++)
		numbers[i] = (uint32_t)i;
	struct range all = { 0, COUNT, 0 };
	int err = weft_run(NULL, sum, &all, NULL);
	if (err) {
		fprintf(stderr, "weft_run: %s\n", strerror(-err));
		return 1;
	}
	printf("sum: %llu\n", (unsigned long long)all.sum);
	return all.sum != (uint64_t)COUNT * (COUNT - 1) / 2;
}
