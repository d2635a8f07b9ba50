/* SPDX-License-Identifier: MIT */
/*
 * A chat: each line that a member says goes to all members. One thread, the hub, owns the list of members, and hears of everything by
 * one channel; each member has a channel for what it is to be told, a thread that reads, and one that writes. Who is so slow
 * that its channel is full is thrown out, so that nobody ever waits for it. By default ten members talk to one another.
 *
 *   cc chat.c $(pkg-config --cflags --libs weft) -o chat && ./chat :7777
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <weft.h>

enum { LINE_MOST = 200, QUEUE = 64, MEMBERS = 10 };

struct line {
	char text[LINE_MOST + 2]; /* and "\n" */
};

struct member {
	struct member *next; /* the hub's */
	int fd;
	struct weft_chan *lines;
};

enum event_kind { COMES, SAYS, GOES };

struct event {
	enum event_kind kind;
	struct member *member;
	struct line line;
};

static struct weft_chan *events;
static struct weft_scope connections;

static void check(const char *what, int err)
{
	if (err < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-err));
		exit(1);
	}
}

/* --- The hub --- */

static void tell_all(const struct member *members, const struct line *line)
{
	for (; members; members = members->next)
		if (weft_chan_trysend(members->lines, line) == -EAGAIN)
			weft_shutdown(members->fd, SHUT_RDWR); /* it will hear of that itself, and go */
}

static void tell_count(const struct member *members)
{
	struct line line;
	int n = 0;
	for (const struct member *m = members; m; m = m->next)
		n++;
	snprintf(line.text, sizeof line.text, "* %d here\n", n);
	tell_all(members, &line);
}

static void remove_member(struct member **members, struct member *member)
{
	while (*members != member)
		members = &(*members)->next;
	*members = member->next;
	weft_chan_close(member->lines); /* from here on it may be gone */
}

static void *hub(void *arg)
{
	static struct event event;
	struct member *members = NULL;
	while (weft_chan_recv(events, &event) == 0)
		switch (event.kind) {
		case COMES:
			event.member->next = members;
			members = event.member;
			tell_count(members);
			break;
		case SAYS:
			tell_all(members, &event.line);
			break;
		case GOES:
			remove_member(&members, event.member);
			tell_count(members);
		}
	return arg;
}

/* --- A member --- */

static int write_lines(void *arg)
{
	struct member *m = (struct member *)arg;
	struct weft_writer writer;
	struct line line;
	check("weft_writer_init", weft_writer_init(&writer, m->fd, NULL, 0));
	while (weft_chan_recv(m->lines, &line) == 0) {
		(void)weft_writer_write(&writer, line.text, strlen(line.text), NULL);
		if (weft_chan_count(m->lines) == 0 && weft_writer_flush(&writer) < 0)
			weft_shutdown(m->fd, SHUT_RDWR); /* goes on, until the hub knows */
	}
	weft_writer_destroy(&writer);
	return 0;
}

static void read_lines(struct member *m)
{
	struct event event = { SAYS, m, { "" } };
	struct weft_reader reader;
	char memory[LINE_MOST + 3], *text;
	check("weft_reader_init", weft_reader_init(&reader, m->fd, memory, sizeof memory));
	while (weft_reader_read_line(&reader, &text) >= 0 && text) { /* a line too long is the end, too */
		snprintf(event.line.text, sizeof event.line.text, "%.*s\n", LINE_MOST, text);
		check("weft_chan_send", weft_chan_send(events, &event));
	}
	weft_reader_destroy(&reader);
}

static int serve(void *arg)
{
	struct member m = { NULL, (int)(intptr_t)arg, NULL };
	struct event comes = { COMES, &m, { "" } }, goes = { GOES, &m, { "" } };
	struct weft_scope scope;
	check("weft_chan_create", weft_chan_create(&m.lines, sizeof(struct line), QUEUE));
	check("weft_scope_open", weft_scope_open(&scope, 0));
	check("weft_scope_spawn", weft_scope_spawn(&scope, WEFT_GREEN, write_lines, &m));
	check("weft_chan_send", weft_chan_send(events, &comes));
	read_lines(&m);
	check("weft_chan_send", weft_chan_send(events, &goes));
	check("weft_scope_close", weft_scope_close(&scope)); /* the hub has closed the channel */
	weft_chan_destroy(m.lines);
	return weft_close(m.fd);
}

static int accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_listener_accept(listener)) >= 0)
		if (weft_scope_spawn(&connections, WEFT_GREEN, serve, (void *)(intptr_t)fd))
			weft_close(fd);
	return 0;
}

/* --- Members that talk --- */

static int talk(void *arg)
{
	struct weft_reader reader;
	struct weft_writer writer;
	char *line, all_here[32];
	int heard = 0, fd = weft_dial_timeout((const char *)arg, WEFT_S(10));
	check("weft_dial", fd);
	check("weft_reader_init", weft_reader_init(&reader, fd, NULL, 0));
	check("weft_writer_init", weft_writer_init(&writer, fd, NULL, 0));
	snprintf(all_here, sizeof all_here, "* %d here", MEMBERS);
	while (heard < MEMBERS && weft_reader_read_line_timeout(&reader, &line, WEFT_S(10)) > 0 && line) {
		if (strcmp(line, all_here) == 0) {
			(void)weft_writer_printf(&writer, "hello from %d\n", fd);
			(void)weft_writer_flush(&writer);
		}
		heard += strncmp(line, "hello", 5) == 0;
	}
	weft_reader_destroy(&reader);
	weft_writer_destroy(&writer);
	weft_close(fd);
	return heard == MEMBERS ? 0 : -EIO;
}

static int talk_all(char *address)
{
	struct weft_scope scope;
	check("weft_scope_open", weft_scope_open(&scope, 0));
	for (int i = 0; i < MEMBERS; i++)
		check("weft_scope_spawn", weft_scope_spawn(&scope, WEFT_GREEN, talk, address));
	return weft_scope_close(&scope);
}

static void *program(void *where)
{
	char address[WEFT_ADDRESS_SIZE];
	weft_t thread;
	int listener = weft_listen_on(where ? (const char *)where : "127.0.0.1:0", 0, 0);
	check("weft_listen_on", listener);
	check("weft_sockname", weft_sockname(listener, address, sizeof address));
	check("weft_chan_create", weft_chan_create(&events, sizeof(struct event), QUEUE));
	check("weft_spawn", weft_spawn(&thread, WEFT_GREEN, hub, NULL));
	check("weft_scope_open", weft_scope_open(&connections, 0));
	check("weft_scope_spawn", weft_scope_spawn(&connections, WEFT_GREEN, accept_all, (void *)(intptr_t)listener));
	printf("listening on %s\n", address);
	if (!where) {
		check("talk", talk_all(address));
		printf("each of %d has heard all\n", MEMBERS);
		weft_close(listener);
	}
	(void)weft_scope_close(&connections);
	weft_chan_close(events);
	(void)weft_join(thread, NULL);
	weft_chan_destroy(events);
	return NULL;
}

int main(int argc, char **argv)
{
	return weft_run(NULL, program, argc > 1 ? argv[1] : NULL, NULL) != 0;
}
