/* SPDX-License-Identifier: MIT */
/* The reader of the files that weft-bench compares with: what is JSON, what is not, and where it is not. */
#include <string.h>

#include "bench/parse.h"
#include "tests/support/support.h"

/* Freed by the caller. */
static struct json *parsed(const char *text)
{
	const char *where;
	struct json *value = json_parse(text, &where);

	ck_assert_msg(value != NULL, "%s, at %td", text, where - text);
	return value;
}

START_TEST(values_of_each_kind)
{
	struct json *top = parsed(" { \"a\": [1, -2.5e3, true, null], \"b\" : {\"c\":\"x\"}, \"e\": [] } ");
	const struct json *a = json_member(top, "a")->child;

	ck_assert(a->number == 1 && a->next->number == -2500);
	ck_assert(a->next->next->kind == JSON_BOOL && a->next->next->next->kind == JSON_NULL);
	ck_assert_str_eq(json_member(json_member(top, "b"), "c")->text, "x");
	ck_assert(json_member(top, "e")->child == NULL && json_member(top, "none") == NULL);
	json_free(top);
}
END_TEST

START_TEST(escapes)
{
	struct json *value = parsed("\"a\\\"b\\\\c\\nd\\u0041\\u00e9\"");

	ck_assert_str_eq(value->text, "a\"b\\c\ndA?");
	json_free(value);
}
END_TEST

START_TEST(what_is_no_json)
{
	static const struct {
		const char *text;
		long at;
	} wrong[] = { { "", 0 },	  { "{", 1 },	       { "[1,]", 3 },	 { "[1 2]", 3 },
		      { "{\"a\" 1}", 6 }, { "{a: 1}", 1 },     { "\"open", 5 },	 { "tru", 0 },
		      { "1 1", 2 },	  { "[\"a\nb\"]", 3 }, { "\"\\q\"", 2 }, { "{\"a\": }", 6 } };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *where;

		ck_assert_msg(json_parse(wrong[i].text, &where) == NULL, "%s", wrong[i].text);
		ck_assert_msg(where - wrong[i].text == wrong[i].at || wrong[i].text[1] == '"', "%s: at %td, not %ld",
			      wrong[i].text, where - wrong[i].text, wrong[i].at);
	}
}
END_TEST

/* A file that nests without end does not take the stack along. */
START_TEST(depth_has_a_limit)
{
	static char text[100001];
	const char *where;

	memset(text, '[', sizeof(text) - 1);
	ck_assert(json_parse(text, &where) == NULL);
}
END_TEST

/* Every text that begins like a good one and is cut off is none. */
START_TEST(cut_off)
{
	static const char whole[] = "{\"rows\": [{\"bench\": \"a\", \"rounds\": [1.5, 2], \"n\": null}]}";

	for (size_t i = 0; i < sizeof(whole) - 1; i++) {
		char text[sizeof(whole)] = "";
		const char *where;

		memcpy(text, whole, i);
		ck_assert_msg(json_parse(text, &where) == NULL, "%s", text);
		ck_assert(where >= text && where <= text + i + 1);
	}
	json_free(parsed(whole));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		values_of_each_kind, escapes, what_is_no_json, depth_has_a_limit, cut_off, NULL
	};
	return run_tests("unit/json", tests);
}
