/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weft.h>

static void *greet(void *name)
{
	weft_sleep(WEFT_MS(1)); /* blocks this thread; others run meanwhile */
	printf("hello from %s\n", (const char *)name);
	return name;
}

static void *first(void *ok)
{
	weft_t a, b;
	if (weft_spawn(&a, WEFT_GREEN, greet, (void *)"warp") || weft_spawn(&b, WEFT_GREEN, greet, (void *)"weft"))
		return NULL;
	return weft_join(a, NULL) || weft_join(b, NULL) ? NULL : ok;
}

int main(void)
{
	int ok;
	void *result = NULL;
	return weft_run(NULL, first, &ok, &result) || result != &ok;
}
