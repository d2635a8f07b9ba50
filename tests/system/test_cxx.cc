// SPDX-License-Identifier: MIT
// The public headers from C++: they compile, link with C names, and a runtime runs a thread. (No libcheck: it is C.)
#include <weft.h>

#include <cstdio>

static void *answer(void *arg)
{
	return arg;
}

static void *first(void *arg)
{
	weft_t thread = WEFT_NONE;
	struct weft_attr attr = WEFT_ATTR_INIT;
	void *result = nullptr;

	if (weft_attr_set_name(&attr, "cxx") != 0 || weft_spawn(&thread, &attr, answer, arg) != 0)
		return nullptr;
	return weft_join(thread, &result) == 0 ? result : nullptr;
}

int main()
{
	int value = 42;
	void *result = nullptr;
	struct weft_config config = WEFT_CONFIG_INIT;
	int error = weft_config_set_workers(&config, 2);

	if (error == 0)
		error = weft_run(&config, first, &value, &result);
	if (error != 0 || result != &value) {
		std::printf("weft_run: %d, result %p, not %p\n", error, result, static_cast<void *>(&value));
		return 1;
	}
	return 0;
}
