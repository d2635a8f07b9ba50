/* SPDX-License-Identifier: MIT */
/*
 * A crawler: fetches a page, and all pages of the same server that it leads to, each once, a green thread for each, of which a few
 * are let in at a time. A page has a scope with a deadline, and so has the whole; the parser is that of Debian's libhttp-parser-dev.
 * By default it crawls a small site of its own, which has some flaws.
 *
 *   cc crawler.c $(pkg-config --cflags --libs weft) -lhttp_parser -o crawler && ./crawler 127.0.0.1:8080 /
 *
 * Link with: -lhttp_parser
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <weft.h>

enum { FETCHES_MOST = 8, PAGES_MOST = 1000, PATH_MOST = 200, BODY_MOST = 1 << 20 };
#define PAGE_LIMIT WEFT_MS(500)
#define CRAWL_LIMIT WEFT_S(30)

static char server[WEFT_ADDRESS_SIZE];
static struct weft_scope crawl;
static struct weft_sem places; /* one for each fetch that may be under way */

struct page {
	struct page *next;
	char path[PATH_MOST];
};

/* What the threads tell one another. Under lock. */
static struct weft_mutex lock = WEFT_MUTEX_INIT;
static struct page *pages; /* all that are known */
static struct summary {
	int pages, good, refused, late, broken, under_way, most_at_a_time;
	uint64_t bytes;
} summary;

/* --- A fetch --- */

struct fetch {
	http_parser parser;
	bool is_complete;
	size_t size;
	char body[BODY_MOST + 1]; /* and a 0 */
};

static int on_body(http_parser *parser, const char *at, size_t size)
{
	struct fetch *f = (struct fetch *)parser->data;
	if (size > BODY_MOST - f->size)
		return -1;
	memcpy(f->body + f->size, at, size);
	f->size += size;
	return 0;
}

static int on_complete(http_parser *parser)
{
	((struct fetch *)parser->data)->is_complete = true;
	return 0;
}

/* The status, or a negative errno value. */
static int receive(struct fetch *f, int fd)
{
	static http_parser_settings settings;
	char in[4096];
	settings.on_body = on_body;
	settings.on_message_complete = on_complete;
	http_parser_init(&f->parser, HTTP_RESPONSE);
	f->parser.data = f;
	while (!f->is_complete) {
		ssize_t n = weft_recv(fd, in, sizeof in, 0);
		if (n < 0)
			return (int)n;
		/* 0, the end, completes an answer that does not tell its length. */
		if (http_parser_execute(&f->parser, &settings, in, (size_t)n) != (size_t)n)
			return -EPROTO;
		if (n == 0 && !f->is_complete)
			return -EPIPE;
	}
	return (int)f->parser.status_code;
}

static int request(struct fetch *f, const char *path)
{
	char text[PATH_MOST + WEFT_ADDRESS_SIZE + 64];
	int size =
		snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, server);
	int fd = weft_dial(server);
	if (fd < 0)
		return fd;
	ssize_t err = weft_write_all(fd, text, (size_t)size, NULL);
	if (err >= 0)
		err = receive(f, fd);
	(void)weft_close(fd);
	return (int)err;
}

/* Whatever it waits for in there, the limit holds; and that of the crawl. */
static int request_in_time(struct fetch *f, const char *path)
{
	struct weft_scope scope;
	(void)weft_scope_open(&scope, 0);
	(void)weft_scope_set_timeout(&scope, PAGE_LIMIT);
	int status = request(f, path);
	(void)weft_scope_close(&scope);
	return status;
}

/* --- What a page leads to --- */

static int visit(void *arg);

static struct page *is_known(const char *path)
{
	struct page *page = pages;
	while (page && strcmp(page->path, path) != 0)
		page = page->next;
	return page;
}

/* Have it visited, unless it is known. */
static void add(const char *path, size_t size)
{
	struct page *page = (struct page *)calloc(1, sizeof *page);
	if (!page || size >= PATH_MOST) {
		free(page);
		return;
	}
	memcpy(page->path, path, size);
	(void)weft_mutex_lock(&lock);
	bool wanted = summary.pages < PAGES_MOST && !is_known(page->path);
	if (wanted) {
		page->next = pages;
		pages = page;
		summary.pages++;
	}
	(void)weft_mutex_unlock(&lock);
	if (!wanted)
		free(page);
	else
		(void)weft_scope_spawn(&crawl, WEFT_GREEN, visit, page); /* none any more, if time is up */
}

/* Each href="/path" in it; what is behind a # is the same page. */
static void follow(const char *body)
{
	static const char mark[] = "href=\"";
	while ((body = strstr(body, mark)) != NULL) {
		body += strlen(mark);
		size_t size = strcspn(body, "\"#");
		if (body[0] == '/' && body[1] != '/')
			add(body, size);
	}
}

static void count(int status, const struct fetch *f)
{
	(void)weft_mutex_lock(&lock);
	summary.good += status == 200;
	summary.refused += status >= 0 && status != 200;
	summary.late += status == -ECANCELED;
	summary.broken += status < 0 && status != -ECANCELED;
	summary.bytes += f->size;
	summary.under_way--;
	(void)weft_mutex_unlock(&lock);
}

static int visit(void *arg)
{
	const struct page *page = (const struct page *)arg;
	int err = weft_sem_acquire(&places);
	if (err)
		return 0; /* time is up: not visited */
	(void)weft_mutex_lock(&lock);
	if (++summary.under_way > summary.most_at_a_time)
		summary.most_at_a_time = summary.under_way;
	(void)weft_mutex_unlock(&lock);
	struct fetch *f = (struct fetch *)calloc(1, sizeof *f);
	if (f) {
		int status = request_in_time(f, page->path);
		count(status, f);
		(void)weft_sem_release(&places, 1);
		if (status == 200)
			follow(f->body);
		else
			printf("%s: %s\n", page->path,
			       status > 0	      ? "refused"
			       : status == -ECANCELED ? "too late"
						      : strerror(-status));
	}
	free(f);
	return f ? 0 : -ENOMEM;
}

/* --- The whole --- */

/* 0, or why it could not go to its end. */
static int crawl_from(const char *path)
{
	uint64_t begin = weft_now();
	(void)weft_sem_release(&places, FETCHES_MOST);
	(void)weft_scope_open(&crawl, WEFT_SCOPE_FAIL_FAST);
	(void)weft_scope_set_timeout(&crawl, CRAWL_LIMIT);
	add(path, strlen(path));
	int err = weft_scope_close(&crawl);
	double ms = (double)(weft_now() - begin) / 1e6;
	printf("%d pages, %d good, %d refused, %d too late, %d broken; %llu bytes in %.0f ms, up to %d at a time\n",
	       summary.pages, summary.good, summary.refused, summary.late, summary.broken,
	       (unsigned long long)summary.bytes, ms, summary.most_at_a_time);
	for (struct page *next; pages; pages = next) {
		next = pages->next;
		free(pages);
	}
	if (err)
		fprintf(stderr, "crawler: %s\n", strerror(-err));
	return err;
}

/* --- A site to try it on: a tree of pages, and some that are none --- */

enum { TREE = 100 };

static struct weft_scope site;

static void serve_page(struct weft_writer *out, int page)
{
	char body[300];
	int size = 0;
	for (int next = 2 * page; next <= 2 * page + 1 && next <= TREE; next++)
		size += snprintf(body + size, sizeof body - (size_t)size, "<a href=\"/%d\">%d</a>\n", next, next);
	size += snprintf(body + size, sizeof body - (size_t)size, "<a href=\"/1#top\">top</a>\n");
	if (page == TREE)
		size += snprintf(body + size, sizeof body - (size_t)size,
				 "<a href=\"/none\"> <a href=\"/slow\"> <a href=\"/cut\"> <a href=\"/chunks\">");
	(void)weft_writer_printf(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size, body);
}

/* One request a connection: as the crawler says it does. */
static int serve(void *arg)
{
	int fd = (int)(intptr_t)arg, page = 0;
	struct weft_reader in;
	struct weft_writer out;
	char *line, path[PATH_MOST] = "";
	if (weft_reader_init(&in, fd, NULL, 0) || weft_writer_init(&out, fd, NULL, 0))
		return -ENOMEM;
	while (weft_reader_read_line(&in, &line) > 0 && line)
		(void)sscanf(line, "GET %199s", path);
	if (sscanf(path, "/%d", &page) == 1 && page >= 1 && page <= TREE)
		serve_page(&out, page);
	else if (strcmp(path, "/slow") == 0)
		(void)weft_sleep(WEFT_S(3600));
	else if (strcmp(path, "/cut") == 0)
		(void)weft_writer_printf(&out, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nno thousand bytes");
	else if (strcmp(path, "/chunks") == 0)
		(void)weft_writer_printf(&out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
					       "4\r\n<a h\r\n8\r\nref=\"/1\"\r\n0\r\n\r\n");
	else
		(void)weft_writer_printf(&out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	(void)weft_writer_flush(&out);
	weft_reader_destroy(&in);
	weft_writer_destroy(&out);
	return weft_close(fd);
}

static int accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_listener_accept(listener)) >= 0)
		if (weft_scope_spawn(&site, WEFT_GREEN, serve, (void *)(intptr_t)fd))
			(void)weft_close(fd);
	return 0;
}

static int crawl_own_site(void)
{
	int listener = weft_listen_on("127.0.0.1:0", 0, 0);
	int err = listener < 0 ? listener : weft_sockname(listener, server, sizeof server);
	if (err < 0)
		return err;
	(void)weft_scope_open(&site, 0);
	err = weft_scope_spawn(&site, WEFT_GREEN, accept_all, (void *)(intptr_t)listener);
	if (!err)
		err = crawl_from("/1");
	(void)weft_close(listener);
	(void)weft_scope_cancel(&site); /* one is still slow */
	(void)weft_scope_close(&site);
	bool as_expected = summary.pages == TREE + 4 && summary.good == TREE + 1 && summary.refused == 1 &&
			   summary.late == 1 && summary.broken == 1 && summary.most_at_a_time <= FETCHES_MOST;
	return err ? err : as_expected ? 0 : -EIO;
}

static void *program(void *path)
{
	int err = server[0] ? crawl_from((const char *)path) : crawl_own_site();
	return (void *)(intptr_t)err;
}

int main(int argc, char **argv)
{
	static char root[] = "/";
	void *result = NULL;
	snprintf(server, sizeof server, "%s", argc > 1 ? argv[1] : "");
	int err = weft_run(NULL, program, argc > 2 ? argv[2] : root, &result);
	return err || result;
}
