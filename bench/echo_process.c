/* SPDX-License-Identifier: MIT */
/* The processes that serve: echo.h; and the raw servers. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "echo.h"
#include "raw/epoll_server.h"
#include "raw/http.h"
#include "system.h"

void echo_serve_raw(int listener, struct echo_shared *shared)
{
	(void)shared;
	raw_serve(listener, raw_echo);
}

void echo_serve_raw_http(int listener, struct echo_shared *shared)
{
	(void)shared;
	raw_serve(listener, raw_http);
}

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
