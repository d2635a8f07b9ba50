/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weft.h>

static void *greet(void *name)
{
	weft_sleep(WEFT_MS(1)); /* plain blocking code: the other threads run meanwhile */
	printf("hello from %s\n", (const char *)name);
	return NULL;
}

static void *first(void *ok)
{
	static char names[3][8] = { "warp", "weft", "selvage" };
	weft_t thread[3];
	int err = 0;
	for (int i = 0; !err && i < 3; i++)
		err = weft_spawn(&thread[i], WEFT_GREEN, greet, names[i]);
	for (int i = 0; !err && i < 3; i++)
		err = weft_join(thread[i], NULL);
	return err ? NULL : ok;
}

int main(void)
{
	int ok;
	void *result = NULL;
	return weft_run(NULL, first, &ok, &result) != 0 || result != &ok;
}
