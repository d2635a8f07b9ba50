/* SPDX-License-Identifier: MIT */
/* A small reader of JSON (RFC 8259): the whole text becomes a tree. Beyond ASCII, escapes become '?'. */
#ifndef BENCH_PARSE_H
#define BENCH_PARSE_H

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_kind kind;
	double number; /* of a number; 0 or 1 of a bool */
	char *text;    /* of a string */
	char *name;    /* of a member */
	struct json *child, *next;
};

/* NULL: *where is where the text is no JSON. */
struct json *json_parse(const char *text, const char **where);
void json_free(struct json *value);

/* A member of an object: NULL if there is none. */
const struct json *json_member(const struct json *object, const char *name);

#endif
