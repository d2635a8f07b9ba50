/* SPDX-License-Identifier: MIT */
/*
 * The page of --html: one file, no network. The answer first, then the usual claims, then for each question a table and a
 * plot, then the machine and the method. Readable on a telephone and in the dark.
 */
#include "page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "schema.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>Process, thread or green thread?</title>\n<style>\n"
	":root{color-scheme:light "
	"dark;--bg:#fff;--fg:#1d2228;--dim:#5c6670;--line:#d9dee3;--card:#f5f7f9;--warn:#9a5b00;"
	"--c0:#00875f;--c1:#0072b2;--c2:#c8500a;--c3:#8a4fc4;--c4:#b07d00;--c5:#b8417f;--c6:#5c6670;--c7:#7d5a3c;--c8:#"
	"3c6e7d;"
	"--c9:#6e7d3c;--c10:#1d2228;--c11:#a8324a;--c12:#4a5fb8;--c13:#3f6f00}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#14181c;--fg:#e4e8ec;--dim:#9aa5b0;--line:#333b43;--card:#1c2228;"
	"--warn:#f0b35a;"
	"--c0:#2fc596;--c1:#5cb3ee;--c2:#f58a4b;--c3:#b98cf0;--c4:#e6bd4a;--c5:#ee86bd;--c6:#9aa5b0;--c7:#c9a37f;--c8:#"
	"7fb8c9;"
	"--c9:#b8c97f;--c10:#e4e8ec;--c11:#f08a9c;--c12:#9aa8f0;--c13:#a6d85c}}\n"
	"*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--bg);color:var(--fg);"
	"font:16px/1.5 system-ui,sans-serif}\n"
	"h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.25rem;margin:2.2rem 0 .4rem}p{margin:.4rem "
	"0}\n"
	"nav{margin-top:1rem}nav "
	"a{margin-right:.8rem;white-space:nowrap}a{color:var(--c1)}.dim,figcaption,small{color:var(--dim)}\n"
	".answer{background:var(--card);border-left:4px solid var(--c0);padding:.6rem 1rem;margin:1rem 0}\n"
	".warn{border-left:4px solid var(--warn);background:var(--card);padding:.5rem 1rem;margin:1rem "
	"0}.q{color:var(--warn)}\n"
	".both{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}.both>.scroll{flex:1 1 34rem;min-width:0}"
	".both.wide>.scroll{flex-basis:100%}.plots{flex:1 1 22rem;min-width:0;max-width:34rem}\n"
	".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;width:100%}\n"
	"th,td{padding:.28rem .55rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}\n"
	"th{font-weight:600}th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--bg)}"
	"\n"
	"table.prose td{white-space:normal;text-align:left;vertical-align:top}table.prose th{text-align:left}\n"
	"table.prose th:first-child,table.prose td:first-child{position:static;background:none}table.prose "
	"td:first-child{width:30%}\n"
	".answer h2{margin-top:.2rem}@media(max-width:40rem){table.prose thead{display:none}table.prose "
	"tr{display:block;"
	"border-bottom:1px solid var(--line);padding:.35rem 0}table.prose td,table.prose "
	"td:first-child{display:block;width:auto;"
	"border:0;padding:.05rem 0}table.prose td:first-child{font-weight:600}}\n"
	"td small{display:block;line-height:1.1}td.none{color:var(--dim)}figure{margin:0 0 "
	"1rem}svg{width:100%;height:auto;display:block}\n"
	"svg text{font:11px "
	"system-ui,sans-serif;fill:var(--fg)}.label{text-anchor:end}.tick{text-anchor:middle;fill:var(--dim)!important}"
	"\n"
	".grid{stroke:var(--line)}.legend{font-size:.85rem}.legend span{margin-right:.7rem;white-space:nowrap}\n"
	".key{display:inline-block;width:14px;height:14px;vertical-align:-2px;margin-right:.25rem}\n"
	"ol.why{font-size:.8rem;color:var(--dim);margin:.3rem 0;padding-left:1.4rem}details{margin:.3rem 0}\n";

void page_text(FILE *f, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*text, f);
		}
}

static const struct {
	const char *model, *called;
} models[] = {
	{ "green", "green thread" },
	{ "pthread", "kernel thread" },
	{ "fork", "process (fork)" },
	{ "bound", "bound thread" },
	{ "vfork", "process (vfork)" },
	{ "posix_spawn", "process (spawn)" },
	{ "boost-fiber", "Boost.Fiber" },
	{ "st", "State Threads" },
	{ "pth", "GNU Pth" },
	{ "go", "Go" },
	{ "libuv", "libuv" },
	{ "erlang", "Erlang" },
	{ "raw-uring", "raw io_uring" },
	{ "contained", "green, contained" },
};
#define MODELS_KNOWN (sizeof(models) / sizeof(models[0]))

const char *page_model(const char *model)
{
	for (size_t i = 0; i < MODELS_KNOWN; i++)
		if (strcmp(models[i].model, model) == 0)
			return models[i].called;
	return model;
}

int page_class(const char *model)
{
	for (size_t i = 0; i < MODELS_KNOWN; i++)
		if (strcmp(models[i].model, model) == 0)
			return (int)i;
	return 6;
}

static void style_of_classes(FILE *f)
{
	for (size_t i = 0; i < MODELS_KNOWN; i++)
		fprintf(f, ".m%zu{fill:var(--c%zu)}.l%zu{stroke:var(--c%zu);stroke-width:2}", i, i, i, i);
	fputs("\n</style>\n</head>\n<body>\n", f);
}

static void glossary(FILE *f, const struct line *lines, unsigned count)
{
	const char *last = "";

	fputs("<details><summary>What the figures are</summary><ul>", f);
	for (unsigned l = 0; l < count; l++) {
		const struct bench *bench = bench_of(lines[l].bench);

		if (!bench || strcmp(last, lines[l].bench) == 0)
			continue;
		fprintf(f, "<li><b>%s</b> (%s): ", lines[l].bench, lines[l].unit);
		page_text(f, bench->what);
		fputs("</li>", f);
		last = lines[l].bench;
	}
	fputs("</ul></details>\n", f);
}

static void one_question(FILE *f, const struct question *q, const struct columns *all, const struct rows *rows)
{
	static struct line lines[LINES_MOST];
	unsigned count = page_lines(q, rows, lines);
	struct columns columns = page_columns_of(all, lines, count, rows);

	if (count == 0)
		return;
	fprintf(f, "<section id=\"%s\"><h2>%s</h2>\n<p>%s</p>\n", q->id, q->title, q->text);
	glossary(f, lines, count);
	fputs(columns.count > 4 ? "<div class=\"both wide\">" : "<div class=\"both\">", f);
	page_table(f, lines, count, &columns, rows);
	fputs("<div class=\"plots\">", f);
	plots_write(f, lines, count, &columns, rows);
	fputs("</div></div></section>\n", f);
}

static void doubts(FILE *f, const struct about *about, const struct rows *rows)
{
	size_t doubtful = 0;

	for (size_t i = 0; i < rows->count; i++)
		doubtful += rows->at[i]->doubt[0] != 0;
	if (doubtful == 0)
		return;
	fprintf(f,
		"<p class=\"warn\"><b>%zu of %zu figures are doubtful</b> (marked <span class=\"q\">?</span>): "
		"meanwhile other programs "
		"took %.2f of %u CPUs and the hypervisor %.1f %%, or the rounds differ much among themselves. Run it "
		"again when the "
		"machine is quiet.</p>\n",
		doubtful, rows->count, about->noise.others, about->cpus, 100 * about->noise.stolen);
}

static void foot(FILE *f, const struct about *about)
{
	fputs("<section id=\"method\"><h2>Machine and method</h2>\n<p>", f);
	page_text(f, about->cpu);
	fprintf(f, ", %u CPUs, %s, ", about->cpus, about->machine);
	page_text(f, about->kernel);
	fputs("; ", f);
	page_text(f, about->compiler);
	fprintf(f, "; weft %s, ", about->version);
	page_text(f, about->commit);
	fputs(about->peers[0] ? "; beside it " : "", f);
	page_text(f, about->peers);
	fprintf(f, "; %s, %.0f seconds (%s), seed %llu.</p>\n", about->date, about->seconds, about->effort,
		(unsigned long long)about->seed);
	fprintf(f,
		"<p>Each figure is the median of rounds. A round is a process of its own, confined to as many CPUs as "
		"it has workers (×1, ×2); two kernel threads or processes that answer each other have one each. In "
		"each round all models have their turn, in an order that changes. Within a round batches grow until "
		"the clock does not count (its %.0f ns are taken off) and then warm up. Time of the CPU is given for "
		"the fastest clock that it had in the whole run. ± is half the 95 %% interval of the median by order "
		"statistics of the rounds, by the median; of fewer than six rounds it is what they span. Of a single "
		"round (once) it would say how far apart samples lie, and not how far rounds. Rounds go on until the "
		"interval is narrow or the time is up, most for what is cheap. ? is doubtful: other programs, a "
		"hypervisor, or a wide interval. Every batch's work is checked. Where a model is too dear, or a limit "
		"allows no more, it has fewer units, and the cell says how many. File format %s.</p></section>\n",
		about->clock_ns, SCHEMA);
}

static void contents(FILE *f)
{
	fputs("<nav>", f);
	for (const struct question *q = questions; q->title; q++)
		fprintf(f, "<a href=\"#%s\">%s</a> ", q->id, q->title);
	fputs("<a href=\"#method\">Machine and method</a></nav>\n", f);
}

int page_write(const char *path, const struct about *about, const struct rows *rows)
{
	struct columns columns;
	FILE *f = fopen(path, "we");
	bool failed;

	if (!f)
		return -errno;
	page_columns(&columns, rows);
	fputs(head, f);
	style_of_classes(f);
	fputs("<h1>Process, thread or green thread?</h1>\n", f);
	doubts(f, about, rows);
	answer_write(f, rows);
	claims_write(f, rows);
	contents(f);
	for (const struct question *q = questions; q->title; q++)
		one_question(f, q, &columns, rows);
	foot(f, about);
	fputs("</body>\n</html>\n", f);
	failed = ferror(f) != 0;
	return fclose(f) != 0 || failed ? -EIO : 0;
}
