/* SPDX-License-Identifier: MIT */
/* A small reader of JSON. See parse.h. */
#include "parse.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 64

static const char *skip(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

static struct json *make(enum json_kind kind)
{
	struct json *value = calloc(1, sizeof(*value));

	if (!value)
		abort();
	value->kind = kind;
	return value;
}

void json_free(struct json *value)
{
	while (value) {
		struct json *next = value->next;

		json_free(value->child);
		free(value->text);
		free(value->name);
		free(value);
		value = next;
	}
}

const struct json *json_member(const struct json *object, const char *name)
{
	for (const struct json *m = object && object->kind == JSON_OBJECT ? object->child : NULL; m; m = m->next)
		if (m->name && strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

/* What stands for `\e`; 0: that is no escape. \u takes four digits more. */
static char escaped(const char **s)
{
	static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found = **s ? strchr(letters, **s) : NULL;
	char digits[5] = "";
	long code;

	if (found) {
		(*s)++;
		return values[found - letters];
	}
	if (**s != 'u' || strspn(*s + 1, "0123456789abcdefABCDEF") < 4)
		return 0;
	memcpy(digits, *s + 1, 4);
	*s += 5;
	code = strtol(digits, NULL, 16);
	return code > 0 && code < 128 ? (char)code : '?';
}

static size_t length_of_string(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != '"')
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return n;
}

/* From after the opening quote. NULL: not a string; *s is where. */
static char *string(const char **s)
{
	char *text = malloc(length_of_string(*s) + 1), *to = text;

	if (!text)
		abort();
	while (**s && **s != '"') {
		if ((unsigned char)**s < 0x20)
			break;
		*to = *(*s)++;
		if (*to == '\\' && !(*to = escaped(s)))
			break;
		to++;
	}
	*to = 0;
	if (**s != '"') {
		free(text);
		return NULL;
	}
	(*s)++;
	return text;
}

static struct json *value_at(const char **s, int depth);

/* A member's name and its colon. */
static bool name_of(const char **s, char **name)
{
	*s = skip(*s);
	if (**s != '"')
		return false;
	(*s)++;
	*name = string(s);
	if (!*name)
		return false;
	*s = skip(*s);
	return *(*s)++ == ':';
}

/* From after the opening bracket. False: *s is where it is wrong. */
static bool fill(struct json *group, const char **s, int depth)
{
	char close = group->kind == JSON_OBJECT ? '}' : ']';
	struct json **to = &group->child;

	*s = skip(*s);
	if (**s == close)
		return (*s)++;
	for (;;) {
		char *name = NULL;

		if ((group->kind == JSON_OBJECT && !name_of(s, &name)) || !(*to = value_at(s, depth + 1))) {
			free(name);
			return false;
		}
		(*to)->name = name;
		to = &(*to)->next;
		*s = skip(*s);
		if (**s == close)
			return (*s)++;
		if (**s != ',')
			return false;
		(*s)++;
	}
}

static struct json *group_at(const char **s, int depth)
{
	struct json *group = make(**s == '{' ? JSON_OBJECT : JSON_ARRAY);

	(*s)++;
	if (depth < DEPTH_MOST && fill(group, s, depth))
		return group;
	json_free(group);
	return NULL;
}

static struct json *string_at(const char **s)
{
	struct json *value = make(JSON_STRING);

	(*s)++;
	value->text = string(s);
	if (value->text)
		return value;
	json_free(value);
	return NULL;
}

static struct json *word_at(const char **s)
{
	static const struct {
		const char *word;
		enum json_kind kind;
		double number;
	} words[] = { { "null", JSON_NULL, 0 }, { "true", JSON_BOOL, 1 }, { "false", JSON_BOOL, 0 } };
	struct json *value;

	for (unsigned i = 0; i < 3; i++)
		if (strncmp(*s, words[i].word, strlen(words[i].word)) == 0) {
			*s += strlen(words[i].word);
			value = make(words[i].kind);
			value->number = words[i].number;
			return value;
		}
	return NULL;
}

static struct json *number_at(const char **s)
{
	struct json *value;
	double number;
	char *end;

	if (!strchr("-0123456789", **s))
		return NULL;
	number = strtod(*s, &end);
	if (end == *s)
		return NULL;
	*s = end;
	value = make(JSON_NUMBER);
	value->number = number;
	return value;
}

static struct json *value_at(const char **s, int depth)
{
	*s = skip(*s);
	switch (**s) {
	case 0:
		return NULL;
	case '{':
	case '[':
		return group_at(s, depth);
	case '"':
		return string_at(s);
	case 't':
	case 'f':
	case 'n':
		return word_at(s);
	default:
		return number_at(s);
	}
}

struct json *json_parse(const char *text, const char **where)
{
	struct json *value;

	*where = text;
	value = value_at(where, 0);
	if (!value)
		return NULL;
	*where = skip(*where);
	if (!**where)
		return value;
	json_free(value);
	return NULL;
}
