/* SPDX-License-Identifier: MIT */
/* The server of epoll_server.h as a program.
 *   echo_epoll PORT */
#include "epoll_server.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int listener = raw_listen((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
	if (listener < 0) {
		perror("echo_epoll");
		return 1;
	}
	raw_serve(listener);
}
