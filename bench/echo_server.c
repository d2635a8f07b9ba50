/* SPDX-License-Identifier: MIT */
/* Echo servers: a green thread, a kernel thread or a process for each connection, and raw epoll. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "echo.h"
#include "raw/epoll_server.h"
#include "system.h"

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

static void *green_accept(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;

	while ((fd = weft_accept(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (weft_spawn(NULL, NULL, green_echo, (void *)(intptr_t)fd) != 0)
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

		if (pthread_create(&thread, &model_pthread_attr, kernel_echo, (void *)(intptr_t)fd) != 0)
			close(fd);
	}
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
			kernel_echo((void *)(intptr_t)fd);
			_exit(0);
		}
		if (pid > 0 && shared->processes < ECHO_PROCESSES)
			shared->pid[shared->processes++] = pid;
		close(fd);
		reap(shared);
	}
}

void echo_serve_raw(int listener, struct echo_shared *shared)
{
	(void)shared;
	raw_serve(listener);
}

echo_serve *const echo_serve_by[MODELS] = { serve_green, serve_pthread, serve_fork };
echo_serve *const echo_serve_by_hogged[MODELS] = { serve_green_hogged, serve_pthread_hogged, NULL };

/* --- their processes --- */

static int listen_anywhere(uint16_t *port)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int fd = raw_listen(0);

	if (fd >= 0)
		getsockname(fd, (struct sockaddr *)&address, &length);
	*port = fd >= 0 ? ntohs(address.sin_port) : 0;
	return fd;
}

bool echo_server_start(struct echo_server *s, echo_serve *serve)
{
	int listener = listen_anywhere(&s->port);

	s->shared = system_shared(sizeof(*s->shared));
	if (listener < 0 || !s->shared)
		return false;
	s->pid = fork();
	if (s->pid == 0) {
		alarm(0);
		system_pin_to(0);
		serve(listener, s->shared);
		_exit(1);
	}
	close(listener);
	return s->pid > 0;
}

/* Those of its children that it has forked end when their connection does. */
void echo_server_stop(struct echo_server *s)
{
	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static uint64_t cpu_of(int pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t echo_server_cpu(const struct echo_server *s)
{
	uint64_t sum = cpu_of(s->pid) + s->shared->reaped_ns;

	for (unsigned i = 0; i < s->shared->processes; i++)
		sum += cpu_of(s->shared->pid[i]);
	return sum;
}

uint64_t echo_server_resident(const struct echo_server *s)
{
	uint64_t sum = system_resident_of(s->pid);

	for (unsigned i = 0; i < s->shared->processes; i++)
		sum += system_resident_of(s->shared->pid[i]);
	return sum;
}
