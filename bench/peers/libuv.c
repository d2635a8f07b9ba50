/* SPDX-License-Identifier: MIT */
/*
 * libuv: the echo server of the echo rows, by callbacks. The load, and the raw epoll server beside it, are those of
 * weft-peer-raw-uring (raw_uring.c), which this program becomes, and which starts it once more to serve:
 *
 *	weft-peer-libuv BENCH WORKERS    a peer, as peer.h says
 *	weft-peer-libuv --version
 *	weft-peer-libuv serve            serve on descriptor 3
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { LISTENER = 3, BUFFER = 1024, BACKLOG = 4096, CANNOT = 77 };

/* One message at a time is under way on a connection, so one buffer and one write are enough. */
struct connection {
	uv_tcp_t tcp;
	uv_write_t write;
	char buffer[BUFFER];
};

static void closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void hang_up(struct connection *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		uv_close((uv_handle_t *)&c->tcp, closed);
}

static void lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *c = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(c->buffer, BUFFER);
}

static void written(uv_write_t *write, int err)
{
	if (err)
		hang_up(write->data);
}

/* What a program in a hurry does: try at once, and queue what does not fit. */
static void echo(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct connection *c = stream->data;
	uv_buf_t rest = uv_buf_init(buffer->base, n > 0 ? (unsigned)n : 0);
	int sent = n > 0 ? uv_try_write(stream, &rest, 1) : 0;

	if (n < 0) {
		hang_up(c);
	} else if (n > 0 && sent < n) {
		unsigned done = sent > 0 ? (unsigned)sent : 0;

		rest = uv_buf_init(buffer->base + done, (unsigned)n - done);
		c->write.data = c;
		if (uv_write(&c->write, stream, &rest, 1, written))
			hang_up(c);
	}
}

static void connected(uv_stream_t *listener, int err)
{
	struct connection *c = err ? NULL : calloc(1, sizeof(*c));

	if (!c)
		return;
	uv_tcp_init(listener->loop, &c->tcp);
	c->tcp.data = c;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) || uv_tcp_nodelay(&c->tcp, 1) ||
	    uv_read_start((uv_stream_t *)&c->tcp, lend, echo))
		hang_up(c);
}

static int serve(void)
{
	uv_loop_t *loop = uv_default_loop();
	uv_tcp_t listener;

	uv_tcp_init(loop, &listener);
	if (uv_tcp_open(&listener, LISTENER) || uv_listen((uv_stream_t *)&listener, BACKLOG, connected))
		return 1;
	return uv_run(loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
	char self[PATH_MAX], folder[PATH_MAX], driver[PATH_MAX + 32];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve();
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("libuv %s\n", uv_version_string());
		return 0;
	}
	if (argc != 3 || length < 0) {
		fprintf(stderr, "usage: %s BENCH WORKERS\n", argv[0]);
		return 2;
	}
	if (strcmp(argv[2], "1") != 0 || (strncmp(argv[1], "echo-", 5) != 0 && strcmp(argv[1], "churn") != 0)) {
		puts("no driver for that");
		return CANNOT;
	}
	self[length] = 0;
	strcpy(folder, self);
	snprintf(driver, sizeof(driver), "%s/weft-peer-raw-uring", dirname(folder));
	execl(driver, driver, argv[1], "1", self, "serve", (char *)NULL);
	printf("%s: cannot be started\n", driver);
	return 1;
}
