/* SPDX-License-Identifier: MIT */
/*
 * A small server of the Redis protocol: a green thread for each connection, in plain blocking style. PING, ECHO, GET, SET, DEL,
 * INCR; arrays and inline commands; requests may be pipelined, and the answers to those that came together leave together. The
 * keys are spread over stripes with a lock each. For redis_server.c, which serves it, and redis_client.c, which asks it.
 */
#ifndef REDIS_H
#define REDIS_H

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <weft.h>

enum { ARGUMENTS_MOST = 64, BYTES_MOST = 1 << 20, STRIPES = 64, BUCKETS = 1024 };

/* --- The store --- */

struct entry {
	struct entry *next;
	size_t key_size, value_size;
	char *key, *value; /* behind it */
};

struct stripe {
	struct weft_mutex lock;
	struct entry *bucket[BUCKETS];
};

static struct stripe stripes[STRIPES];

struct text {
	const char *data;
	size_t size;
};

/* The stripe of the key, locked, and where its entry is linked, or would be. */
static struct stripe *find(struct text key, struct entry ***link)
{
	uint64_t hash = 14695981039346656037u;
	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ (unsigned char)key.data[i]) * 1099511628211u;
	hash ^= hash >> 32;
	struct stripe *stripe = &stripes[hash % STRIPES];
	struct entry **at = &stripe->bucket[hash / STRIPES % BUCKETS];
	(void)weft_mutex_lock(&stripe->lock);
	while (*at && ((*at)->key_size != key.size || memcmp((*at)->key, key.data, key.size) != 0))
		at = &(*at)->next;
	*link = at;
	return stripe;
}

/* Under lock. False: no memory. */
static bool store(struct entry **link, struct text key, struct text value)
{
	struct entry *old = *link;
	struct entry *fresh = (struct entry *)malloc(sizeof *fresh + key.size + value.size);
	if (!fresh)
		return false;
	fresh->next = old ? old->next : NULL;
	fresh->key_size = key.size;
	fresh->value_size = value.size;
	fresh->key = (char *)(fresh + 1);
	fresh->value = fresh->key + key.size;
	memcpy(fresh->key, key.data, key.size);
	memcpy(fresh->value, value.data, value.size);
	*link = fresh;
	free(old);
	return true;
}

/* Under lock. */
static bool drop(struct entry **link)
{
	struct entry *old = *link;
	if (!old)
		return false;
	*link = old->next;
	free(old);
	return true;
}

/* --- A connection --- */

struct client {
	struct weft_reader in;
	struct weft_writer out;
	int count;
	size_t at[ARGUMENTS_MOST + 1]; /* where each argument begins in bytes; the last of them is the end */
	char *bytes;
	size_t room;
};

static struct text argument(const struct client *c, int i)
{
	struct text text = { c->bytes + c->at[i], c->at[i + 1] - c->at[i] };
	return text;
}

static bool make_room(struct client *c, size_t size)
{
	if (size <= c->room)
		return true;
	char *bytes = (char *)realloc(c->bytes, 2 * size);
	if (!bytes)
		return false;
	c->bytes = bytes;
	c->room = 2 * size;
	return true;
}

static void say(struct client *c, const char *line)
{
	(void)weft_writer_write(&c->out, line, strlen(line), NULL);
}

static void say_number(struct client *c, int64_t number)
{
	(void)weft_writer_printf(&c->out, ":%" PRId64 "\r\n", number);
}

static void say_text(struct client *c, struct text text)
{
	(void)weft_writer_printf(&c->out, "$%zu\r\n", text.size);
	(void)weft_writer_write(&c->out, text.data, text.size, NULL);
	(void)weft_writer_write(&c->out, "\r\n", 2, NULL);
}

/* --- Commands --- */

static void ping(struct client *c)
{
	if (c->count > 1)
		say_text(c, argument(c, 1));
	else
		say(c, "+PONG\r\n");
}

static void echo(struct client *c)
{
	say_text(c, argument(c, 1));
}

/* Nobody may wait for a slow client with a lock held: so the value is copied first. */
static void get(struct client *c)
{
	struct entry **link;
	struct stripe *stripe = find(argument(c, 1), &link);
	size_t begin = c->at[2], size = *link ? (*link)->value_size : 0;
	bool is_there = *link && make_room(c, begin + size);
	if (is_there)
		memcpy(c->bytes + begin, (*link)->value, size);
	(void)weft_mutex_unlock(&stripe->lock);
	struct text value = { c->bytes + begin, size };
	if (is_there)
		say_text(c, value);
	else
		say(c, "$-1\r\n");
}

static void set(struct client *c)
{
	struct entry **link;
	struct stripe *stripe = find(argument(c, 1), &link);
	bool stored = store(link, argument(c, 1), argument(c, 2));
	(void)weft_mutex_unlock(&stripe->lock);
	say(c, stored ? "+OK\r\n" : "-OOM out of memory\r\n");
}

static void del(struct client *c)
{
	int64_t dropped = 0;
	for (int i = 1; i < c->count; i++) {
		struct entry **link;
		struct stripe *stripe = find(argument(c, i), &link);
		dropped += drop(link);
		(void)weft_mutex_unlock(&stripe->lock);
	}
	say_number(c, dropped);
}

/* All of the text is a number from 0, or from `least`, to `most`. */
static bool to_number(struct text text, int64_t least, int64_t most, int64_t *number)
{
	char copy[24], *end;
	if (text.size == 0 || text.size >= sizeof copy)
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = 0;
	*number = strtoll(copy, &end, 10);
	return end == copy + text.size && *number >= least && *number <= most;
}

static void incr(struct client *c)
{
	struct entry **link;
	int64_t number = 0;
	char digits[24];
	struct stripe *stripe = find(argument(c, 1), &link);
	bool done = true;
	if (*link) {
		struct text old = { (*link)->value, (*link)->value_size };
		done = to_number(old, INT64_MIN, INT64_MAX - 1, &number);
	}
	if (done) {
		struct text value = { digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, number + 1) };
		done = store(link, argument(c, 1), value);
	}
	(void)weft_mutex_unlock(&stripe->lock);
	if (done)
		say_number(c, number + 1);
	else
		say(c, "-ERR value is not an integer or out of range\r\n");
}

static void execute(struct client *c)
{
	static const struct {
		const char *name;
		int least, most; /* arguments, with the name */
		void (*run)(struct client *);
	} commands[] = { { "GET", 2, 2, get },
			 { "SET", 3, 3, set },
			 { "INCR", 2, 2, incr },
			 { "PING", 1, 2, ping },
			 { "DEL", 2, ARGUMENTS_MOST, del },
			 { "ECHO", 2, 2, echo } };
	struct text name = argument(c, 0);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (name.size != strlen(commands[i].name) || strncasecmp(name.data, commands[i].name, name.size) != 0)
			continue;
		if (c->count < commands[i].least || c->count > commands[i].most)
			say(c, "-ERR wrong number of arguments\r\n");
		else
			commands[i].run(c);
		return;
	}
	say(c, "-ERR unknown command\r\n");
}

/* --- The protocol --- */

/* A line, without its end. What has been answered leaves before anybody waits for the rest of it. */
static ssize_t read_line(struct client *c, struct text *text)
{
	char *line;
	ssize_t n = weft_reader_peek(&c->in, 0, &line);
	if (n <= 0 || !memchr(line, '\n', (size_t)n))
		n = weft_writer_flush(&c->out);
	if (n >= 0)
		n = weft_reader_read_line(&c->in, &line);
	text->data = line;
	text->size = n > 0 ? (size_t)n : 0;
	return n >= 0 && !line ? -EPIPE : n;
}

static int add_argument(struct client *c, size_t size)
{
	size_t begin = c->at[c->count];
	if (c->count == ARGUMENTS_MOST || size > BYTES_MOST - begin)
		return -EPROTO;
	if (!make_room(c, begin + size + 2))
		return -ENOMEM;
	c->at[++c->count] = begin + size;
	return 0;
}

/* "$5\r\nhello\r\n" */
static int read_argument(struct client *c)
{
	struct text line;
	int64_t size;
	ssize_t err = read_line(c, &line);
	if (err < 0)
		return (int)err;
	if (line.size == 0 || line.data[0] != '$')
		return -EPROTO;
	line.data++;
	line.size--;
	size_t begin = c->at[c->count], all;
	if (!to_number(line, 0, BYTES_MOST, &size))
		return -EPROTO;
	err = add_argument(c, (size_t)size);
	all = (size_t)size + 2;
	if (!err && weft_reader_count(&c->in) < all)
		err = weft_writer_flush(&c->out);
	if (!err)
		err = weft_reader_read_all(&c->in, c->bytes + begin, all, NULL);
	if (err < 0)
		return (int)err;
	if ((size_t)err < all)
		return -EPIPE;
	return memcmp(c->bytes + begin + size, "\r\n", 2) == 0 ? 0 : -EPROTO;
}

/* "SET a hello": for people, by nc or telnet. */
static int split(struct client *c, struct text line)
{
	const char *at = line.data, *end = line.data + line.size;
	while (at < end) {
		const char *word = at;
		while (at < end && *at != ' ')
			at++;
		size_t size = (size_t)(at - word);
		int err = size ? add_argument(c, size) : 0;
		if (err)
			return err;
		if (size)
			memcpy(c->bytes + c->at[c->count - 1], word, size);
		at++;
	}
	return 0;
}

/* 0, or a negative errno value: the end, or why. */
static int read_command(struct client *c)
{
	struct text line;
	int64_t count;
	c->count = 0;
	c->at[0] = 0;
	ssize_t n = read_line(c, &line);
	if (n < 0)
		return (int)n;
	if (n == 0 || line.data[0] != '*')
		return split(c, line);
	line.data++;
	line.size--;
	if (!to_number(line, 0, ARGUMENTS_MOST, &count))
		return -EPROTO;
	for (; count > 0; count--) {
		int err = read_argument(c);
		if (err)
			return err;
	}
	return 0;
}

static int serve(void *arg)
{
	int fd = (int)(intptr_t)arg, err;
	struct client *c = (struct client *)calloc(1, sizeof *c);
	if (!c || weft_reader_init(&c->in, fd, NULL, 16384) || weft_writer_init(&c->out, fd, NULL, 16384)) {
		err = -ENOMEM;
	} else {
		while ((err = read_command(c)) == 0)
			if (c->count > 0)
				execute(c);
		if (err == -EPROTO || err == -EMSGSIZE)
			say(c, "-ERR Protocol error\r\n");
		(void)weft_writer_flush(&c->out);
	}
	if (c) {
		weft_reader_destroy(&c->in);
		weft_writer_destroy(&c->out);
		free(c->bytes);
		free(c);
	}
	(void)weft_close(fd);
	return 0;
}

/* --- The server --- */

static struct weft_scope redis_connections;

static int accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	while ((fd = weft_listener_accept(listener)) >= 0)
		if (weft_scope_spawn(&redis_connections, WEFT_GREEN, serve, (void *)(intptr_t)fd))
			(void)weft_close(fd);
	return 0;
}

/* Begin to serve; address becomes the one it is, with its port. The listener, or a negative errno value. */
static int redis_start(char address[WEFT_ADDRESS_SIZE])
{
	int listener = weft_listen_on(address, 0, 0);
	if (listener < 0)
		return listener;
	int err = weft_sockname(listener, address, WEFT_ADDRESS_SIZE);
	(void)weft_scope_open(&redis_connections, 0);
	if (err >= 0)
		err = weft_scope_spawn(&redis_connections, WEFT_GREEN, accept_all, (void *)(intptr_t)listener);
	return err < 0 ? err : listener;
}

/* To the last connection; those that are idle end now. */
static void redis_stop(int listener)
{
	(void)weft_close(listener);
	(void)weft_scope_cancel(&redis_connections);
	(void)weft_scope_close(&redis_connections);
	for (int i = 0; i < STRIPES; i++)
		for (int j = 0; j < BUCKETS; j++)
			while (drop(&stripes[i].bucket[j]))
				;
}

#endif
