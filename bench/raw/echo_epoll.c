/* SPDX-License-Identifier: MIT */
/* The servers of epoll_server.h and http.h as a program.
 *   echo_epoll PORT [http] */
#include <stdio.h>
#include <stdlib.h>

#include "epoll_server.h"
#include "http.h"

int main(int argc, char **argv)
{
	int listener = raw_listen((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
	if (listener < 0) {
		perror("echo_epoll");
		return 1;
	}
	raw_serve(listener, argc > 2 ? raw_http : raw_echo);
}
