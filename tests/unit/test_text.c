/* SPDX-License-Identifier: MIT */
/* src/base/panic.h: numbers, texts that are cut to fit, and what a panic says and does. */
#include "src/base/panic.h"
#include <stdlib.h>
#include <string.h>

#include "tests/support/child.h"

START_TEST(numbers)
{
	struct weft__text text = { .len = 0 };
	weft__text_dec(&text, 0);
	weft__text_str(&text, " ");
	weft__text_dec(&text, UINT64_MAX);
	weft__text_str(&text, " ");
	weft__text_hex(&text, UINT64_MAX);
	weft__text_str(&text, " ");
	weft__text_hex(&text, 0);
	text.buf[text.len] = 0;
	ck_assert_str_eq(text.buf, "0 18446744073709551615 0xffffffffffffffff 0x0");
}
END_TEST

START_TEST(what_does_not_fit_is_cut)
{
	struct weft__text text = { .len = 0 };
	for (int i = 0; i < 300; i++)
		weft__text_str(&text, "1234567");
	ck_assert_uint_eq(text.len, sizeof text.buf);
	ck_assert_int_eq(text.buf[text.len - 1], '0' + 1000 % 7);
}
END_TEST

static char beware[] = "beware", no_way[] = "no way";

static int warn(void *arg)
{
	weft__warn(arg);
	weft__warn_number("n is ", 42, ", says weft");
	return 3;
}

static int panic(void *arg)
{
	weft__panic(arg);
}

static int misuse(void *arg)
{
	weft_exit(arg);
}

START_TEST(messages)
{
	struct child child = run_child(warn, beware);
	ck_exited(&child, 3);
	ck_assert_str_eq(child.text, "weft: beware\nweft: n is 42, says weft\n");
	child = run_child(panic, no_way);
	ck_died(&child, SIGABRT);
	const char *emulator = getenv("EMULATOR");
	if (emulator && *emulator) /* it adds a line of its own */
		ck_assert_msg(strncmp(child.text, "weft: no way\n", 13) == 0, "%s", child.text);
	else
		ck_assert_str_eq(child.text, "weft: no way\n");
	child = run_child(misuse, NULL);
	ck_died(&child, SIGABRT);
	ck_said(&child, "weft_exit");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { numbers, what_does_not_fit_is_cut, messages, NULL };
	return run_tests("unit/text", tests);
}
