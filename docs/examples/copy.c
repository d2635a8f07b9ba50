/* SPDX-License-Identifier: MIT */
/*
 * A file copy with progress: copy [FROM TO]. A thread reads, a thread writes, and a third tells how far they are; the two work
 * through a ring of buffers, so that one reads while the other writes. Without arguments it makes a file to copy, compares the
 * two, and removes them.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weft.h>

enum { PIECE = 256 * 1024, PIECES = 4 };

struct copy {
	int in, out;
	int64_t size, copied; /* copied: under lock */
	struct weft_mutex lock;
	struct weft_sem filled, emptied;
	ssize_t length[PIECES]; /* of each piece; 0: the end, or a negative errno value */
	char *piece[PIECES];
	struct weft_event done;
};

static int reader(void *arg)
{
	struct copy *c = (struct copy *)arg;
	ssize_t n = 1;
	int64_t offset = 0;
	for (int i = 0; n > 0; i = (i + 1) % PIECES, offset += n) {
		int err = weft_sem_acquire(&c->emptied);
		if (err)
			return err;
		n = c->length[i] = weft_pread_all(c->in, c->piece[i], PIECE, offset);
		weft_sem_release(&c->filled, 1);
	}
	return (int)n;
}

static int writer(void *arg)
{
	struct copy *c = (struct copy *)arg;
	ssize_t n = 0;
	int64_t offset = 0;
	for (int i = 0; n >= 0; i = (i + 1) % PIECES, offset += n) {
		n = weft_sem_acquire(&c->filled);
		if (n < 0)
			break;
		n = c->length[i];
		if (n <= 0)
			break;
		ssize_t written = weft_pwrite_all(c->out, c->piece[i], (size_t)n, offset);
		if (written != n)
			n = written < 0 ? written : -EIO;
		weft_sem_release(&c->emptied, 1);
		weft_mutex_lock(&c->lock);
		c->copied += n > 0 ? n : 0;
		weft_mutex_unlock(&c->lock);
	}
	if (n == 0)
		n = weft_fsync(c->out);
	weft_event_set(&c->done);
	return (int)n;
}

static int progress(void *arg)
{
	struct copy *c = (struct copy *)arg;
	int err;
	do {
		err = weft_event_wait_timeout(&c->done, WEFT_MS(100));
		weft_mutex_lock(&c->lock);
		fprintf(stderr, "\r%3d%%", c->size ? (int)(100 * c->copied / c->size) : 100);
		weft_mutex_unlock(&c->lock);
	} while (err == -ETIMEDOUT);
	fputc('\n', stderr);
	return err;
}

/* The first that fails ends the others. */
static int copy_opened(struct copy *c)
{
	struct weft_scope scope;
	int err = weft_scope_open(&scope, WEFT_SCOPE_FAIL_FAST), closed;
	if (!err)
		err = weft_scope_spawn(&scope, WEFT_GREEN, reader, c);
	if (!err)
		err = weft_scope_spawn(&scope, WEFT_GREEN, writer, c);
	if (!err)
		err = weft_scope_spawn(&scope, WEFT_GREEN, progress, c);
	if (err)
		weft_scope_cancel(&scope);
	closed = weft_scope_close(&scope);
	return err ? err : closed;
}

static int copy(const char *from, const char *to)
{
	static char pieces[PIECES][PIECE];
	static struct copy c;
	struct statx about;
	weft_sem_release(&c.emptied, PIECES);
	for (int i = 0; i < PIECES; i++)
		c.piece[i] = pieces[i];
	int err = c.in = weft_open(from, O_RDONLY | O_CLOEXEC, 0);
	if (c.in < 0)
		return err;
	err = weft_statx(c.in, "", AT_EMPTY_PATH, STATX_SIZE, &about);
	if (!err)
		err = c.out = weft_open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (err >= 0) {
		c.size = (int64_t)about.stx_size;
		err = copy_opened(&c);
		close(c.out);
	}
	close(c.in);
	return err;
}

/* Without arguments. */
static int demonstrate(void)
{
	enum { SIZE = 8 * 1000 * 1000 };
	char folder[] = "/tmp/weft-copy.XXXXXX", from[64], to[64];
	unsigned char *bytes = (unsigned char *)malloc(2 * SIZE);
	if (!bytes || !mkdtemp(folder))
		return -1;
	for (int i = 0; i < SIZE; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 1000);
	snprintf(from, sizeof from, "%s/from", folder);
	snprintf(to, sizeof to, "%s/to", folder);
	int fd = weft_open(from, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), err = fd;
	if (fd >= 0) {
		err = weft_pwrite_all(fd, bytes, SIZE, 0) == SIZE ? copy(from, to) : -1;
		close(fd);
	}
	fd = err ? -1 : weft_open(to, O_RDONLY | O_CLOEXEC, 0);
	if (fd >= 0) {
		err = weft_pread_all(fd, bytes + SIZE, SIZE, 0) != SIZE || memcmp(bytes, bytes + SIZE, SIZE) != 0;
		close(fd);
	}
	weft_unlink(from);
	weft_unlink(to);
	weft_unlinkat(AT_FDCWD, folder, AT_REMOVEDIR);
	free(bytes);
	return err;
}

static char **names;

static void *run(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)(names ? copy(names[0], names[1]) : demonstrate());
}

int main(int argc, char **argv)
{
	void *result = NULL;
	if (argc != 1 && argc != 3) {
		fprintf(stderr, "usage: copy [FROM TO]\n");
		return 2;
	}
	names = argc == 3 ? argv + 1 : NULL;
	int err = weft_run(NULL, run, NULL, &result);
	if (!err)
		err = (int)(intptr_t)result;
	if (err)
		fprintf(stderr, "copy: %s\n", err < 0 ? strerror(-err) : "the copy is not the same");
	return err != 0;
}
