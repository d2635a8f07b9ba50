/* SPDX-License-Identifier: MIT */
/* The tables of the page: a line for each figure on some number of workers, a column for each model. See page.h. */
#include <math.h>
#include <string.h>

#include "page.h"

#define REASONS_MOST 64

/* In the order in which models are shown, then others as they come. */
void page_columns(struct columns *columns, const struct rows *rows)
{
	static const char *const first[] = { "green", "contained", "bound", "pthread", "fork", "vfork", "posix_spawn" };
	bool any;

	columns->count = 0;
	for (size_t m = 0; m < sizeof(first) / sizeof(first[0]); m++) {
		any = false;
		for (size_t i = 0; i < rows->count && !any; i++)
			any = strcmp(rows->at[i]->model, first[m]) == 0;
		if (any)
			columns->model[columns->count++] = first[m];
	}
	for (size_t i = 0; i < rows->count; i++) {
		any = false;
		for (unsigned c = 0; c < columns->count; c++)
			any |= strcmp(columns->model[c], rows->at[i]->model) == 0;
		if (!any && columns->count < COLUMNS_MOST)
			columns->model[columns->count++] = rows->at[i]->model;
	}
}

/* Those columns that these lines have rows for. */
struct columns page_columns_of(const struct columns *all, const struct line *lines, unsigned count,
			       const struct rows *rows)
{
	struct columns some = { .count = 0 };

	for (unsigned c = 0; c < all->count; c++) {
		bool any = false;

		for (unsigned l = 0; l < count && !any; l++)
			for (size_t i = 0; i < rows->count && !any; i++)
				any = strcmp(rows->at[i]->bench, lines[l].bench) == 0 &&
				      strcmp(rows->at[i]->model, all->model[c]) == 0;
		if (any)
			some.model[some.count++] = all->model[c];
	}
	return some;
}

static unsigned add_line(struct line *lines, unsigned count, const struct row *row)
{
	struct line line = { row->bench, row->unit, row->workers, true };

	for (unsigned i = 0; i < count; i++)
		if (strcmp(lines[i].bench, row->bench) == 0 && strcmp(lines[i].unit, row->unit) == 0) {
			if (lines[i].workers == row->workers)
				return count;
			lines[i].alone = line.alone = false;
		}
	if (count < LINES_MOST)
		lines[count++] = line;
	return count;
}

/* The lines of one name, unit by unit as its bench has them; by workers as the rows are. */
static unsigned lines_of(const char *name, const struct rows *rows, struct line *lines, unsigned count)
{
	const struct bench *bench = bench_of(name);

	for (int figure = 0; bench && figure < BATCH_ROWS && bench->rows[figure]; figure++)
		for (size_t i = 0; i < rows->count; i++)
			if (strcmp(bench->rows[figure], name) == 0 && strcmp(rows->at[i]->bench, name) == 0 &&
			    strcmp(rows->at[i]->unit, bench->units[figure]) == 0)
				count = add_line(lines, count, rows->at[i]);
	return count;
}

/* In the question's order, then what it has not named. */
unsigned page_lines(const struct question *q, const struct rows *rows, struct line *lines)
{
	unsigned count = 0;

	for (const char *const *name = q->figures; name && *name; name++)
		count = lines_of(*name, rows, lines, count);
	for (const struct bench *const *b = bench_all; *b; b++)
		for (int figure = 0; question_has(q, *b) && figure < BATCH_ROWS && (*b)->rows[figure]; figure++)
			count = lines_of((*b)->rows[figure], rows, lines, count);
	return count;
}

/* Why cells have no figure, and what there is to know of those that have one; each text once. */
struct reasons {
	const char *text[REASONS_MOST];
	unsigned count;
};

static unsigned reason(struct reasons *r, const char *text)
{
	for (unsigned i = 0; i < r->count; i++)
		if (strcmp(r->text[i], text) == 0)
			return i + 1;
	if (r->count < REASONS_MOST)
		r->text[r->count++] = text;
	return r->count;
}

static const struct row *any_row(const struct rows *rows, const struct line *line, const char *model)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *r = rows->at[i];

		if (strcmp(r->bench, line->bench) == 0 && strcmp(r->unit, line->unit) == 0 &&
		    r->workers == line->workers && strcmp(r->model, model) == 0)
			return r;
	}
	return NULL;
}

static const char *why_none(const struct line *line, const char *model)
{
	static const char *const nothing = "has no counterpart there, or one that would tell nothing new";
	const struct bench *bench = bench_of(line->bench);

	for (int m = 0; bench && m < MODELS; m++)
		if (strcmp(model_names[m], model) == 0 && bench->without[m])
			return bench->without[m];
	if (strcmp(model, "contained") == 0)
		return "as green, where nothing crashes";
	if (strcmp(model, "vfork") == 0 || strcmp(model, "posix_spawn") == 0)
		return "as fork, once it is made";
	return peers_known(model) ? "its driver has no such program" : nothing;
}

/* Where it had other units than the figure is about. */
static void print_size(FILE *f, const struct row *row)
{
	const struct bench *bench = bench_of(row->bench);

	if (bench && row->size && row->size != bench->size[MODEL_GREEN])
		fprintf(f, bench->size_is_n ? "<small>n = %llu</small>" : "<small>of %llu</small>",
			(unsigned long long)row->size);
}

static void cell(FILE *f, const struct row *row, const struct line *line, const char *model, struct reasons *reasons)
{
	double spread;
	char text[32];

	if (!row || row->samples == 0) {
		fprintf(f, "<td class=\"none\">none<sup>%u</sup></td>",
			reason(reasons, row && row->note[0] ? row->note : why_none(line, model)));
		return;
	}
	spread = 100 * estimate_spread(&row->estimate);
	fprintf(f, "<td>%s", quantity(row->estimate.median, row->unit, text, sizeof(text)));
	if (row->doubt[0]) {
		fputs("<span class=\"q\" title=\"", f);
		page_text(f, row->doubt);
		fputs("\">&nbsp;?</span>", f);
	}
	if (row->note[0])
		fprintf(f, "<sup>%u</sup>", reason(reasons, row->note));
	if (row->rounds == 1)
		fputs("<small>once</small>", f);
	else if (isfinite(spread))
		fprintf(f, "<small>± %.*f %%</small>", spread < 9.95 ? 1 : 0, spread);
	print_size(f, row);
	fputs("</td>", f);
}

void page_table(FILE *f, const struct line *lines, unsigned count, const struct columns *columns,
		const struct rows *rows)
{
	struct reasons reasons = { .count = 0 };

	fputs("<div class=\"scroll\"><table><thead><tr><th>figure</th>", f);
	for (unsigned c = 0; c < columns->count; c++) {
		fputs("<th>", f);
		page_text(f, page_model(columns->model[c]));
		fputs("</th>", f);
	}
	fputs("</tr></thead><tbody>\n", f);
	for (unsigned l = 0; l < count; l++) {
		const struct bench *bench = bench_of(lines[l].bench);

		fputs("<tr><td title=\"", f);
		page_text(f, bench ? bench->what : "");
		fprintf(f, "\">%s", lines[l].bench);
		if (!lines[l].alone)
			fprintf(f, " <span class=\"dim\">×%u</span>", lines[l].workers);
		fputs("</td>", f);
		for (unsigned c = 0; c < columns->count; c++)
			cell(f, any_row(rows, &lines[l], columns->model[c]), &lines[l], columns->model[c], &reasons);
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table>\n<ol class=\"why\">", f);
	for (unsigned i = 0; i < reasons.count; i++) {
		fputs("<li>", f);
		page_text(f, reasons.text[i]);
		fputs("</li>", f);
	}
	fputs("</ol></div>\n", f);
}
