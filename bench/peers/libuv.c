/* SPDX-License-Identifier: MIT */
/*
 * libuv: the servers of the echo and HTTP rows, by callbacks. The load, and the raw epoll server beside them, are those of
 * weft-peer-raw-uring (raw_uring.c), which this program becomes, and which starts it once more to serve:
 *
 *	weft-peer-libuv BENCH WORKERS    a peer, as peer.h says
 *	weft-peer-libuv --version
 *	weft-peer-libuv serve-echo       serve on descriptor 3
 *	weft-peer-libuv serve-http
 */
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "../raw/http.h"

enum { LISTENER = 3, BACKLOG = 4096, CANNOT = 77 };

/* One message at a time is under way on a connection, so one buffer and one write are enough. */
struct connection {
	uv_tcp_t tcp;
	uv_write_t write;
	struct raw_http http; /* of an echo too: what has come */
	char out[RAW_HTTP_OUT];
};

static bool is_http;

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
	*buffer = uv_buf_init(c->http.in + c->http.size, (unsigned)(sizeof(c->http.in) - c->http.size));
}

static void written(uv_write_t *write, int err)
{
	if (err)
		hang_up(write->data);
}

/* What a program in a hurry does: try at once, and queue what does not fit. */
static void answer(struct connection *c, char *out, size_t size)
{
	uv_stream_t *stream = (uv_stream_t *)&c->tcp;
	uv_buf_t rest = uv_buf_init(out, (unsigned)size);
	int sent = uv_try_write(stream, &rest, 1);
	unsigned done = sent > 0 ? (unsigned)sent : 0;

	if (done == size)
		return;
	rest = uv_buf_init(out + done, (unsigned)size - done);
	c->write.data = c;
	if (uv_write(&c->write, stream, &rest, 1, written))
		hang_up(c);
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct connection *c = stream->data;
	size_t size = n > 0 ? (size_t)n : 0;

	if (size && is_http)
		size = raw_http_answers(&c->http, size, c->out);
	if (n < 0)
		hang_up(c);
	else if (size)
		answer(c, is_http ? c->out : buffer->base, size);
}

static void connected(uv_stream_t *listener, int err)
{
	struct connection *c = err ? NULL : calloc(1, sizeof(*c));

	if (!c)
		return;
	uv_tcp_init(listener->loop, &c->tcp);
	c->tcp.data = c;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) || uv_tcp_nodelay(&c->tcp, 1) ||
	    uv_read_start((uv_stream_t *)&c->tcp, lend, came))
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

	is_http = argc > 1 && strstr(argv[1], "http");
	if (argc == 2 && strncmp(argv[1], "serve-", 6) == 0)
		return serve();
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("libuv %s\n", uv_version_string());
		return 0;
	}
	if (argc != 3 || length < 0) {
		fprintf(stderr, "usage: %s BENCH WORKERS\n", argv[0]);
		return 2;
	}
	if (strcmp(argv[2], "1") != 0 ||
	    (!is_http && strncmp(argv[1], "echo-", 5) != 0 && strcmp(argv[1], "churn") != 0)) {
		puts("no driver for that");
		return CANNOT;
	}
	self[length] = 0;
	strcpy(folder, self);
	snprintf(driver, sizeof(driver), "%s/weft-peer-raw-uring", dirname(folder));
	execl(driver, driver, argv[1], "1", self, is_http ? "serve-http" : "serve-echo", (char *)NULL);
	printf("%s: cannot be started\n", driver);
	return 1;
}
