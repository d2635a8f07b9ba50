/* SPDX-License-Identifier: MIT */
/* Echo and HTTP servers: a green thread, a kernel thread or a process for each connection. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "echo_server.h"
#include "raw/http.h"

enum { BUFFER = 1024 }; /* of a connection that has a stack of its own */

/* --- a green thread for each connection --- */

static void *green_echo(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buffer[BUFFER];
	ssize_t n;

	while ((n = weft_recv(fd, buffer, sizeof(buffer), 0)) > 0)
		if (weft_write_all(fd, buffer, (size_t)n, NULL) != n)
			break;
	weft_close(fd);
	return NULL;
}

static void *green_http(void *arg)
{
	int fd = (int)(intptr_t)arg;
	struct raw_http h = { .size = 0 };
	char out[RAW_HTTP_OUT];
	ssize_t n, size;

	while ((n = weft_recv(fd, h.in + h.size, sizeof(h.in) - h.size, 0)) > 0) {
		size = (ssize_t)raw_http_answers(&h, (size_t)n, out);
		if (size && weft_write_all(fd, out, (size_t)size, NULL) != size)
			break;
	}
	weft_close(fd);
	return NULL;
}

static void *(*green_talk)(void *) = green_echo;

static void *green_accept(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;

	while ((fd = weft_accept(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (weft_spawn(NULL, NULL, green_talk, (void *)(intptr_t)fd) != 0)
			weft_close(fd);
	return NULL;
}

/* Whatever the bench runs with (chrt): one that computes in real time would leave nothing to the others. */
static void share_the_cpu(void)
{
	const struct sched_param none = { 0 };

	(void)sched_setscheduler(0, SCHED_OTHER, &none);
}

static void *green_hog(void *arg)
{
	for (;;) {
		uint64_t end = weft_now() + WEFT_MS(1);

		while (weft_now() < end)
			;
		weft_yield();
	}
	return arg;
}

static void *green_accept_hogged(void *arg)
{
	weft_spawn(NULL, NULL, green_hog, NULL);
	return green_accept(arg);
}

static void green_run(int listener, void *(*fn)(void *))
{
	struct weft_config config = WEFT_CONFIG_INIT;

	if (weft_config_set_workers(&config, 1) != 0 || weft_run(&config, fn, (void *)(intptr_t)listener, NULL) != 0)
		_exit(1);
}

static void serve_green(int listener, struct echo_shared *shared)
{
	(void)shared;
	green_run(listener, green_accept);
}

static void serve_green_http(int listener, struct echo_shared *shared)
{
	green_talk = green_http;
	serve_green(listener, shared);
}

static void serve_green_hogged(int listener, struct echo_shared *shared)
{
	(void)shared;
	share_the_cpu();
	green_run(listener, green_accept_hogged);
}

/* --- a kernel thread, a process --- */

static void *kernel_echo(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buffer[BUFFER];
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		if (send(fd, buffer, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	close(fd);
	return NULL;
}

static void *kernel_http(void *arg)
{
	int fd = (int)(intptr_t)arg;
	struct raw_http h = { .size = 0 };
	char out[RAW_HTTP_OUT];
	ssize_t n, size;

	while ((n = recv(fd, h.in + h.size, sizeof(h.in) - h.size, 0)) > 0) {
		size = (ssize_t)raw_http_answers(&h, (size_t)n, out);
		if (size && send(fd, out, (size_t)size, MSG_NOSIGNAL) != size)
			break;
	}
	close(fd);
	return NULL;
}

static void *(*kernel_talk)(void *) = kernel_echo;

static int accept_blocking(int listener)
{
	int fd;

	fcntl(listener, F_SETFL, 0);
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
		if (errno != EINTR)
			_exit(1);
	return fd;
}

static void serve_pthread(int listener, struct echo_shared *shared)
{
	(void)shared;
	pthread_attr_setdetachstate(&model_pthread_attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept_blocking(listener);
		pthread_t thread;

		if (pthread_create(&thread, &model_pthread_attr, kernel_talk, (void *)(intptr_t)fd) != 0)
			close(fd);
	}
}

static void serve_pthread_http(int listener, struct echo_shared *shared)
{
	kernel_talk = kernel_http;
	serve_pthread(listener, shared);
}

static void *kernel_hog(void *arg)
{
	for (;;)
		__asm__ volatile("");
	return arg;
}

static void serve_pthread_hogged(int listener, struct echo_shared *shared)
{
	pthread_t thread;

	share_the_cpu();
	if (pthread_create(&thread, &model_pthread_attr, kernel_hog, NULL) == 0)
		serve_pthread(listener, shared);
}

static void reap(struct echo_shared *shared)
{
	struct rusage u;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	getrusage(RUSAGE_CHILDREN, &u);
	shared->reaped_ns = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000u +
			    (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000u;
}

static void serve_fork(int listener, struct echo_shared *shared)
{
	for (;;) {
		int fd = accept_blocking(listener), pid = fork();

		if (pid == 0) {
			close(listener);
			kernel_talk((void *)(intptr_t)fd);
			_exit(0);
		}
		if (pid > 0 && shared->processes < ECHO_PROCESSES)
			shared->pid[shared->processes++] = pid;
		close(fd);
		reap(shared);
	}
}

static void serve_fork_http(int listener, struct echo_shared *shared)
{
	kernel_talk = kernel_http;
	serve_fork(listener, shared);
}

echo_serve *const echo_serve_by[MODELS] = { serve_green, serve_pthread, serve_fork };
echo_serve *const echo_serve_http_by[MODELS] = { serve_green_http, serve_pthread_http, serve_fork_http };
echo_serve *const echo_serve_by_hogged[MODELS] = { serve_green_hogged, serve_pthread_hogged, NULL };
