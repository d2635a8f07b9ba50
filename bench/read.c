/* SPDX-License-Identifier: MIT */
/* Reads a file that json.c wrote, or another program by docs/bench-schema.md. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "report.h"
#include "schema.h"

static int wrong(const char *path, const char *what)
{
	fprintf(stderr, "weft-bench: %s: %s\n", path, what);
	return -EINVAL;
}

static char *grown(char *text, size_t size)
{
	char *larger = realloc(text, size);

	if (!larger)
		abort();
	return larger;
}

/* All of it, ended by a zero; NULL: errno says why. */
static char *text_of(const char *path)
{
	size_t used = 0, room = 1 << 16, got;
	FILE *f = fopen(path, "re");
	char *text = f ? grown(NULL, room) : NULL;

	while (f && (got = fread(text + used, 1, room - used - 1, f)) > 0) {
		used += got;
		if (room - used < 2)
			text = grown(text, room *= 2);
	}
	if (f)
		fclose(f);
	if (text)
		text[used] = 0;
	return text;
}

static double number(const struct json *object, const char *name)
{
	const struct json *m = json_member(object, name);

	return m && m->kind == JSON_NUMBER ? m->number : 0;
}

static const char *string(const struct json *object, const char *name)
{
	const struct json *m = json_member(object, name);

	return m && m->kind == JSON_STRING ? m->text : NULL;
}

/* The texts are few, and live on. */
static const char *kept(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

/* How many. */
static unsigned read_numbers(const struct json *object, const char *name, double values[ROW_ROUNDS])
{
	const struct json *list = json_member(object, name);
	unsigned n = 0;

	for (const struct json *v = list ? list->child : NULL; v && n < ROW_ROUNDS; v = v->next)
		if (v->kind == JSON_NUMBER)
			values[n++] = v->number;
	return n;
}

static bool read_row(const struct json *object, struct rows *rows)
{
	const char *bench = string(object, "bench"), *model = string(object, "model"), *unit = string(object, "unit");
	const char *note = string(object, "note"), *doubt = string(object, "doubt");
	const struct json *median = json_member(object, "median");
	struct row *row;

	if (!bench || !model || !unit || !median)
		return false;
	row = rows_add(rows);
	row->bench = kept(bench);
	row->model = kept(model);
	row->unit = kept(unit);
	row->workers = (unsigned)number(object, "workers");
	row->size = (uint64_t)number(object, "size");
	row->samples = median->kind == JSON_NUMBER ? (unsigned)number(object, "n") : 0;
	row->estimate = (struct estimate){ median->number, number(object, "low"), number(object, "high"),
					   number(object, "confidence") };
	row->min = number(object, "min");
	row->max = number(object, "max");
	row->p99 = number(object, "p99");
	row->noise = (struct noise){ number(object, "others"), number(object, "stolen") };
	row->preempted = number(object, "preempted");
	snprintf(row->note, sizeof(row->note), "%s", note ? note : "");
	snprintf(row->doubt, sizeof(row->doubt), "%s", doubt ? doubt : "");
	row->rounds = read_numbers(object, "rounds", row->round);
	(void)read_numbers(object, "paces", row->pace); /* older files have none */
	return true;
}

static void read_about(const struct json *top, struct about *about)
{
	struct about_text texts[ABOUT_TEXTS];

	memset(about, 0, sizeof(*about));
	about_texts(about, texts);
	for (int i = 0; i < ABOUT_TEXTS; i++) {
		const char *text = string(top, texts[i].name);

		snprintf(texts[i].text, texts[i].size, "%s", text ? text : "unknown");
	}
	about->cpus = (unsigned)number(top, "cpus");
	about->seconds = number(top, "seconds");
	about->clock_ns = number(top, "clock_ns");
	about->pace = number(top, "pace"); /* older files have none */
	about->seed = (uint64_t)number(top, "seed");
	about->noise = (struct noise){ number(top, "others"), number(top, "stolen") };
}

static int read_all(const char *path, const struct json *top, struct about *about, struct rows *rows)
{
	const struct json *list = json_member(top, "rows");
	const char *schema = string(top, "schema");

	if (!schema || strcmp(schema, SCHEMA) != 0)
		return wrong(path,
			     "no file of weft-bench --json, or one of another version (schema is not " SCHEMA ")");
	if (!list || list->kind != JSON_ARRAY)
		return wrong(path, "has no rows");
	read_about(top, about);
	for (const struct json *row = list->child; row; row = row->next)
		if (!read_row(row, rows))
			return wrong(path, "a row lacks bench, model, unit or median");
	return 0;
}

int json_read(const char *path, struct about *about, struct rows *rows)
{
	char *text = text_of(path), message[64];
	const char *where;
	struct json *top;
	int error;

	if (!text)
		return wrong(path, strerror(errno));
	top = json_parse(text, &where);
	if (top) {
		error = read_all(path, top, about, rows);
	} else {
		snprintf(message, sizeof(message), "is no JSON, at byte %ld", (long)(where - text));
		error = wrong(path, message);
	}
	json_free(top);
	free(text);
	return error;
}
