/* SPDX-License-Identifier: MIT */
/* Addresses: from text, by name, and one after the other. What dial and listen share. */
#ifndef WEFT_SRC_NET_NET_H
#define WEFT_SRC_NET_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "src/base/compiler.h"
#include "src/os/clock.h"

enum { WEFT__HOST_SIZE = 256, WEFT__ADDRESSES = 16 };

struct weft__address {
	socklen_t length;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
		struct sockaddr_storage storage;
	} to;
};

struct weft__addresses {
	int n;
	struct weft__address at[WEFT__ADDRESSES];
};

/* What a text says: an address, or a name that has to be looked up. */
struct weft__address_text {
	char host[WEFT__HOST_SIZE]; /* "": it is no name */
	uint16_t port;
	bool any; /* ":port" */
	struct weft__address address;
};

int weft__address_parse(const char *text, struct weft__address_text *parsed);

/* All addresses of a text, those of a name in the order in which to try them; until a deadline, 0 being a question only. */
int weft__address_find(const char *text, struct weft__addresses *found, uint64_t deadline);

/* Those of a name. */
int weft__resolve(const char *host, uint16_t port, struct weft__addresses *found, uint64_t deadline);

/* What a call with a time limit is to be given. */
weft__inline uint64_t weft__net_left(uint64_t deadline)
{
	if (deadline == WEFT__NEVER || deadline == 0)
		return deadline;
	uint64_t now = weft__os_now();
	return now < deadline ? deadline - now : 0;
}

#endif
