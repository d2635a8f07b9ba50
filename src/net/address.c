/* SPDX-License-Identifier: MIT */
/* Addresses as text, both ways. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "src/net/net.h"
#include "src/os/net.h"
#include "weft/net.h"

static int parse_number(const char *text, uint32_t most, uint32_t *number)
{
	uint32_t n = 0;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		n = n * 10 + (uint32_t)(*text - '0');
		if (n > most)
			return -EINVAL;
	}
	*number = n;
	return 0;
}

/* "path" or "@name". A path ends with a 0 that counts, a name ends where its length says. */
static int parse_unix(const char *path, struct weft__address *a)
{
	struct sockaddr_un *local = &a->to.local;
	size_t length = strlen(path);
	bool abstract = *path == '@';
	if (length < (abstract ? 2 : 1))
		return -EINVAL;
	if (length + !abstract > sizeof local->sun_path)
		return -ENAMETOOLONG;
	local->sun_family = AF_UNIX;
	memcpy(local->sun_path, path, length + !abstract);
	if (abstract)
		local->sun_path[0] = 0;
	a->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + !abstract);
	return 0;
}

/* The interface of an address that is of one link only: its name, or its number. */
static int parse_scope(const char *scope, uint32_t *number)
{
	*number = if_nametoindex(scope);
	return *number ? 0 : parse_number(scope, UINT32_MAX / 10 - 1, number);
}

static int parse_v6(char *host, struct weft__address *a, uint16_t port)
{
	struct sockaddr_in6 *v6 = &a->to.v6;
	char *scope = strchr(host, '%');
	if (scope)
		*scope++ = 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	a->length = sizeof *v6;
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return -EINVAL;
	return scope ? parse_scope(scope, &v6->sin6_scope_id) : 0;
}

static bool parse_v4(const char *host, struct weft__address *a, uint16_t port)
{
	struct sockaddr_in *v4 = &a->to.v4;
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	a->length = sizeof *v4;
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

static bool is_in_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || (unsigned char)c >= 0x80;
}

/* What is between the text and its end, which is where the port begins. */
static int parse_host(const char *text, size_t length, struct weft__address_text *parsed)
{
	char *host = parsed->host;
	bool bracketed = length >= 2 && text[0] == '[' && text[length - 1] == ']';
	if (length >= sizeof parsed->host)
		return -ENAMETOOLONG;
	memcpy(host, text + bracketed, length - 2 * bracketed);
	host[length - 2 * bracketed] = 0;
	parsed->any = length == 0;
	if (bracketed || parsed->any || parse_v4(host, &parsed->address, parsed->port)) {
		int err = bracketed ? parse_v6(host, &parsed->address, parsed->port) : 0;
		*host = 0;
		return err;
	}
	for (size_t i = 0; i < length; i++)
		if (!is_in_name(host[i]))
			return -EINVAL;
	return 0;
}

int weft__address_parse(const char *text, struct weft__address_text *parsed)
{
	uint32_t port;
	*parsed = (struct weft__address_text){ .port = 0 };
	if (!text)
		return -EINVAL;
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, &parsed->address);
	const char *colon = strrchr(text, ':');
	if (!colon || parse_number(colon + 1, UINT16_MAX, &port))
		return -EINVAL;
	parsed->port = (uint16_t)port;
	return parse_host(text, (size_t)(colon - text), parsed);
}

static void any_addresses(struct weft__addresses *found, uint16_t port)
{
	found->n = 2;
	found->at[0] = (struct weft__address){ .length = sizeof(struct sockaddr_in6) };
	found->at[0].to.v6.sin6_family = AF_INET6;
	found->at[0].to.v6.sin6_port = htons(port);
	found->at[1] = (struct weft__address){ .length = sizeof(struct sockaddr_in) };
	found->at[1].to.v4.sin_family = AF_INET;
	found->at[1].to.v4.sin_port = htons(port);
}

int weft__address_find(const char *text, struct weft__addresses *found, uint64_t deadline)
{
	struct weft__address_text parsed;
	int err = weft__address_parse(text, &parsed);
	if (err)
		return err;
	if (*parsed.host)
		return weft__resolve(parsed.host, parsed.port, found, deadline);
	if (parsed.any) {
		any_addresses(found, parsed.port);
		return 0;
	}
	found->n = 1;
	found->at[0] = parsed.address;
	return 0;
}

static int print_v6(const struct sockaddr_in6 *v6, char *text, size_t size)
{
	char host[INET6_ADDRSTRLEN], scope[IF_NAMESIZE + 1] = "";
	inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
	if (v6->sin6_scope_id && if_indextoname(v6->sin6_scope_id, scope + 1))
		scope[0] = '%';
	else if (v6->sin6_scope_id)
		snprintf(scope, sizeof scope, "%%%u", v6->sin6_scope_id);
	return snprintf(text, size, "[%s%s]:%u", host, scope, ntohs(v6->sin6_port));
}

static int print_v4(const struct sockaddr_in *v4, char *text, size_t size)
{
	char host[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
	return snprintf(text, size, "%s:%u", host, ntohs(v4->sin_port));
}

static int print_unix(const struct weft__address *a, char *text, size_t size)
{
	const char *path = a->to.local.sun_path;
	size_t length = a->length - offsetof(struct sockaddr_un, sun_path);
	if (length && path[0] == 0)
		return snprintf(text, size, "unix:@%.*s", (int)length - 1, path + 1);
	return snprintf(text, size, "unix:%.*s", (int)length, path);
}

static int print_address(int fd, bool peer, char *text, size_t size)
{
	struct weft__address a = { .length = sizeof a.to };
	int err = weft__os_socket_address(fd, peer, &a.to.any, &a.length);
	if (err)
		return err;
	int n = a.to.any.sa_family == AF_INET	 ? print_v4(&a.to.v4, text, size)
		: a.to.any.sa_family == AF_INET6 ? print_v6(&a.to.v6, text, size)
		: a.to.any.sa_family == AF_UNIX	 ? print_unix(&a, text, size)
						 : -EAFNOSUPPORT;
	return n >= 0 && (size_t)n >= size ? -ENOSPC : n;
}

int weft_sockname(int fd, char *text, size_t size)
{
	return print_address(fd, false, text, size);
}

int weft_peername(int fd, char *text, size_t size)
{
	return print_address(fd, true, text, size);
}
