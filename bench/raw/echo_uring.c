/* SPDX-License-Identifier: MIT */
/* The servers of uring_server.h as a program.
 *   echo_uring PORT [http] */
#include <stdio.h>
#include <string.h>

#include "uring_server.h"

int main(int argc, char **argv)
{
	int listener = raw_listen((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
	if (listener < 0) {
		perror("echo_uring");
		return 1;
	}
	fprintf(stderr, "echo_uring: %s\n", strerror(-raw_serve_by_ring(listener, argc > 2)));
	return 1;
}
