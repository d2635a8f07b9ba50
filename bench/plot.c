/* SPDX-License-Identifier: MIT */
/*
 * Plots: for each figure a line, on which each model has its mark, over a logarithmic axis where the values span more than
 * a decade. The horizontal stroke through a mark is its interval. Drawn for 400 units of width, which is a telephone's.
 */
#include <math.h>
#include <string.h>

#include "page.h"

#define WIDTH 400.0
#define LEFT 128.0
#define RIGHT 22.0
#define LINE 19.0
#define TOP 22.0

enum kind { TIME, MEMORY, RATE, COUNT, RATIO, KINDS };

static enum kind kind_of(const char *unit)
{
	if (strcmp(unit, "ns") == 0 || strcmp(unit, "us") == 0 || strcmp(unit, "ms") == 0)
		return TIME;
	if (strcmp(unit, "bytes") == 0)
		return MEMORY;
	if (strcmp(unit, "ratio") == 0)
		return RATIO;
	return strcmp(unit, "survivors") == 0 ? COUNT : RATE;
}

/* In ns, bytes, or as it is. */
static double factor_of(const char *unit)
{
	return strcmp(unit, "ms") == 0 ? 1e6 : strcmp(unit, "us") == 0 ? 1e3 : 1;
}

struct plot {
	FILE *f;
	const struct line *lines;
	unsigned count;
	const struct columns *columns;
	const struct rows *rows;
	enum kind kind;
	double low, high; /* of the axis */
	bool logarithmic;
};

static const struct row *row_at(const struct plot *p, unsigned line, unsigned column)
{
	const struct line *l = &p->lines[line];
	const struct row *row = rows_find(p->rows, l->bench, l->unit, p->columns->model[column], l->workers);

	return row && (!p->logarithmic || row->estimate.median > 0) ? row : NULL;
}

static double value_of(const struct row *row, double value)
{
	return value * factor_of(row->unit);
}

/* False: nothing to plot. */
static bool find_range(struct plot *p)
{
	p->low = INFINITY;
	p->high = 0;
	p->logarithmic = p->kind != COUNT && p->kind != RATIO;
	for (unsigned l = 0; l < p->count; l++)
		for (unsigned c = 0; c < p->columns->count; c++) {
			const struct row *row = kind_of(p->lines[l].unit) == p->kind ? row_at(p, l, c) : NULL;
			double value = row ? value_of(row, row->estimate.median) : 0;

			if (!row)
				continue;
			p->low = fmin(p->low, value);
			p->high = fmax(p->high, value);
		}
	if (!isfinite(p->low))
		return false;
	p->low = p->logarithmic ? pow(10, floor(log10(p->low) + 1e-9)) : 0;
	p->high = p->logarithmic ? pow(10, ceil(log10(p->high) - 1e-9)) : p->high > 0 ? p->high * 1.05 : 1;
	if (p->high <= p->low)
		p->high = p->low * 10;
	return true;
}

static double x_of(const struct plot *p, double value)
{
	double share;

	if (p->logarithmic)
		share = value > 0 ? log10(value / p->low) / log10(p->high / p->low) : 0;
	else
		share = (value - p->low) / (p->high - p->low);
	return LEFT + fmin(fmax(share, 0), 1) * (WIDTH - LEFT - RIGHT);
}

static void tick(const struct plot *p, double value, const char *text, double bottom)
{
	double x = x_of(p, value);

	fprintf(p->f, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.0f\" x2=\"%.1f\" y2=\"%.0f\"/>", x, TOP - 4, x, bottom);
	if (text)
		fprintf(p->f, "<text class=\"tick\" x=\"%.1f\" y=\"%.0f\">%s</text>\n", x, TOP - 9, text);
}

static const char *short_quantity(enum kind kind, double value, char *text, size_t size)
{
	static const char *const times[] = { "ns", "µs", "ms", "s" }, *const bytes[] = { "B", "kB", "MB", "GB" };
	int scale = 0;

	for (; (kind == TIME || kind == MEMORY) && value >= 999.5 && scale < 3; scale++)
		value /= 1000;
	if (kind == RATE && value >= 9999.5) {
		snprintf(text, size, "%.0fk", value / 1000);
		return text;
	}
	snprintf(text, size, "%.4g%s%s", value, kind == TIME || kind == MEMORY ? " " : "",
		 kind == TIME	  ? times[scale]
		 : kind == MEMORY ? bytes[scale]
				  : "");
	return text;
}

/* Each decade, every other one with its name where they are many. */
static void axis(const struct plot *p, double bottom)
{
	char text[32];
	int decades = (int)lround(log10(p->high / (p->low > 0 ? p->low : 1)));
	double value = p->low;

	if (!p->logarithmic) {
		for (int i = 0; i <= 4; i++)
			tick(p, p->high * i / 4, short_quantity(p->kind, p->high * i / 4, text, sizeof(text)), bottom);
		return;
	}
	for (int i = 0; i <= decades; i++, value *= 10)
		tick(p, value, decades > 5 && i % 2 ? NULL : short_quantity(p->kind, value, text, sizeof(text)),
		     bottom);
}

/* One shape for each class, so that colour alone does not tell. */
static void shape(FILE *f, int class, double x, double y)
{
	switch (class % 4) {
	case 0:
		fprintf(f, "<circle class=\"m%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\">", class, x, y);
		break;
	case 1:
		fprintf(f, "<rect class=\"m%d\" x=\"%.1f\" y=\"%.1f\" width=\"8\" height=\"8\">", class, x - 4, y - 4);
		break;
	case 2:
		fprintf(f, "<path class=\"m%d\" d=\"M%.1f %.1fl5 5l-5 5l-5-5z\">", class, x, y - 5);
		break;
	default:
		fprintf(f, "<path class=\"m%d\" d=\"M%.1f %.1fl5 9h-10z\">", class, x, y - 5.5);
	}
}

static void end_shape(FILE *f, int class)
{
	static const char *const tags[] = { "circle", "rect", "path", "path" };

	fprintf(f, "</%s>\n", tags[class % 4]);
}

static void mark(const struct plot *p, const struct row *row, double y)
{
	double x = x_of(p, value_of(row, row->estimate.median));
	int class = page_class(row->model);
	char text[32];

	if (row->estimate.confidence > 0)
		fprintf(p->f, "<line class=\"l%d\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", class,
			x_of(p, value_of(row, row->estimate.low)), y, x_of(p, value_of(row, row->estimate.high)), y);
	shape(p->f, class, x, y);
	fprintf(p->f, "<title>%s: %s</title>", page_model(row->model),
		quantity(row->estimate.median, row->unit, text, sizeof(text)));
	end_shape(p->f, class);
}

static void label(const struct plot *p, const struct line *l, double y)
{
	fprintf(p->f, "<text class=\"label\" x=\"%.0f\" y=\"%.1f\">", LEFT - 8, y + 4);
	page_text(p->f, l->bench);
	if (!l->alone)
		fprintf(p->f, " ×%u", l->workers);
	fputs("</text>", p->f);
}

static void draw(const struct plot *p, unsigned shown)
{
	double bottom = TOP + LINE * shown, y = TOP + LINE / 2;

	fprintf(p->f, "<svg role=\"img\" viewBox=\"0 0 %.0f %.0f\" xmlns=\"http://www.w3.org/2000/svg\">\n", WIDTH,
		bottom + 4);
	axis(p, bottom);
	for (unsigned l = 0; l < p->count; l++) {
		if (kind_of(p->lines[l].unit) != p->kind)
			continue;
		label(p, &p->lines[l], y);
		for (unsigned c = p->columns->count; c > 0; c--) /* the first on top */
			if (row_at(p, l, c - 1))
				mark(p, row_at(p, l, c - 1), y);
		y += LINE;
	}
	fputs("</svg>\n", p->f);
}

/* Which mark is which: those that the plot has. */
static void legend(const struct plot *p)
{
	fputs("<p class=\"legend\">", p->f);
	for (unsigned c = 0; c < p->columns->count; c++) {
		int class = page_class(p->columns->model[c]);
		bool any = false;

		for (unsigned l = 0; l < p->count && !any; l++)
			any = kind_of(p->lines[l].unit) == p->kind && row_at(p, l, c);
		if (!any)
			continue;
		fputs("<span><svg viewBox=\"0 0 14 14\" class=\"key\">", p->f);
		shape(p->f, class, 7, 7);
		end_shape(p->f, class);
		fputs("</svg>", p->f);
		page_text(p->f, page_model(p->columns->model[c]));
		fputs("</span> ", p->f);
	}
	fputs("</p>\n", p->f);
}

static const char *const captions[KINDS] = {
	"Time: further left is better.", "Memory: further left is better.",
	"Rate, in millions a second, requests a second or MB/s: further right is better.",
	"How many survive: further right is better.", "Ratio: further left is better."
};

void plots_write(FILE *f, const struct line *lines, unsigned count, const struct columns *columns,
		 const struct rows *rows)
{
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct plot p = {
			.f = f, .lines = lines, .count = count, .columns = columns, .rows = rows, .kind = kind
		};
		unsigned shown = 0;

		for (unsigned l = 0; l < count; l++)
			shown += kind_of(lines[l].unit) == kind;
		if (shown == 0 || !find_range(&p))
			continue;
		fprintf(f, "<figure><figcaption>%s</figcaption>\n", captions[kind]);
		legend(&p);
		draw(&p, shown);
		fputs("</figure>\n", f);
	}
}
