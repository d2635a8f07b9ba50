/* SPDX-License-Identifier: MIT */
/* Names: getaddrinfo is replaced by one that takes its time, fails, or knows several addresses. */
#include <netdb.h>
#include <time.h>

#include "tests/support/net.h"

static char text[WEFT_ADDRESS_SIZE];
static shared hold, calls, in_progress;

static struct addrinfo *address(const char *host, const char *port, struct addrinfo *next)
{
	struct addrinfo *a = calloc(1, sizeof *a);
	struct sockaddr_in *to = calloc(1, sizeof *to);
	*to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	check_eq(inet_pton(AF_INET, host, &to->sin_addr), 1);
	*a = (struct addrinfo){
		.ai_family = AF_INET, .ai_addr = (struct sockaddr *)to, .ai_addrlen = sizeof *to, .ai_next = next
	};
	return a;
}

void freeaddrinfo(struct addrinfo *list)
{
	for (struct addrinfo *next; list; list = next) {
		next = list->ai_next;
		free(list->ai_addr);
		free(list);
	}
}

/* fail-N: the error -N. many: more addresses than anybody keeps. second: nobody listens on its first address. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **list)
{
	int error;
	add(calls, 1);
	add(in_progress, 1);
	while (get(hold))
		usleep(100);
	add(in_progress, -(uint64_t)1);
	check(hints->ai_socktype == SOCK_STREAM);
	if (sscanf(host, "fail-%d", &error) == 1)
		return errno = ECONNRESET, -error;
	*list = address("127.0.0.1", port, NULL);
	if (strcmp(host, "second") == 0)
		*list = address("127.99.99.99", port, *list);
	for (int i = 0; i < 40 && strcmp(host, "many") == 0; i++)
		*list = address("127.99.99.99", port, *list);
	return 0;
}

static const char *with_port(const char *host)
{
	static char name[WEFT_ADDRESS_SIZE];
	snprintf(name, sizeof name, "%s:%u", host, port_of(text));
	return name;
}

static void reach(const char *host, int listener)
{
	int fd = weft_dial_timeout(with_port(host), WEFT_S(20));
	check(fd >= 0);
	int server = weft_listener_accept(listener);
	check(server >= 0);
	check_eq(weft_close(fd), 0);
	check_eq(weft_close(server), 0);
}

static void *all(void *arg)
{
	int listener = listen_on("one:0", 0, text);
	reach("one", listener);
	reach("second", listener);
	check_eq(weft_dial(with_port("many")), -ECONNREFUSED);
	check_eq(weft_close(listener), 0);
	check_eq(weft_dial(with_port("second")), -ECONNREFUSED);
	static const struct {
		int error, expected;
	} errors[] = { { -EAI_NONAME, -ENOENT }, { -EAI_AGAIN, -EAGAIN },  { -EAI_FAIL, -EIO },
		       { -EAI_MEMORY, -ENOMEM }, { -EAI_FAMILY, -ENOENT }, { -EAI_SYSTEM, -ECONNRESET } };
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		char name[WEFT_ADDRESS_SIZE];
		snprintf(name, sizeof name, "fail-%d:80", errors[i].error);
		check_eq(weft_dial(name), errors[i].expected);
		check_eq(weft_listen_on(name, 0, 0), errors[i].expected);
	}
	return arg;
}

START_TEST(names_and_errors)
{
	on_all_kinds(all, NULL);
}
END_TEST

/* Who does not wait any more leaves the look-up behind. */
static void *impatient(void *arg)
{
	set(hold, 1);
	check_eq(weft_dial_timeout("slow:80", 0), -ETIMEDOUT);
	for (uint64_t begin = weft_now(); get(in_progress) == 0; begin = weft_now()) {
		check_eq(weft_dial_timeout("slow:80", WEFT_MS(20)), -ETIMEDOUT);
		check(weft_now() - begin >= WEFT_MS(20) && weft_now() - begin < WEFT_S(20));
	}
	set(hold, 0);
	wait_until(get(in_progress) == 0);
	return arg;
}

START_TEST(time_limits)
{
	start();
	join(spawn(WEFT_GREEN, impatient, NULL));
	join(spawn(WEFT_BOUND, impatient, NULL));
	impatient(NULL);
	stop();
}
END_TEST

static void *dial_slow(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)weft_dial("slow:80");
}

static void *cancel(void *arg)
{
	struct weft_scope scope;
	set(hold, 1);
	weft_t thread = spawn(WEFT_GREEN, dial_slow, NULL);
	wait_until(get(in_progress) == 1);
	check_eq(weft_cancel(thread), 0);
	check_eq((intptr_t)join(thread), -ECANCELED);
	check_eq(weft_scope_open(&scope, 0), 0);
	check_eq(weft_scope_set_timeout(&scope, WEFT_MS(5)), 0);
	check_eq(weft_dial("slow:80"), -ECANCELED);
	check_eq(weft_scope_close(&scope), -ETIMEDOUT);
	set(hold, 0);
	return arg;
}

START_TEST(cancels)
{
	run(cancel, NULL);
}
END_TEST

/* One thread in the pool: those whose callers have gone by the time of their turn are not looked up. */
static void *queue(void *arg)
{
	set(hold, 1);
	weft_t thread = spawn(WEFT_GREEN, dial_slow, NULL);
	wait_until(get(in_progress) == 1);
	for (int i = 0; i < 50; i++)
		check_eq(weft_dial_timeout("slow:80", WEFT_US(200)), -ETIMEDOUT);
	set(hold, 0);
	check_eq((intptr_t)join(thread), -ECONNREFUSED);
	return arg;
}

START_TEST(nobody_is_looked_up_for_nobody)
{
	struct weft_config config = WEFT_CONFIG_INIT;
	ck_assert_int_eq(weft_config_set_blocking_threads(&config, 1), 0);
	run_with(&config, queue, NULL);
	ck_assert_uint_eq(get(calls), 1);
}
END_TEST

/* Memory is not to be had. */
static int no_alloc(enum weft__os_site site)
{
	return site == WEFT__OS_ALLOC ? -ENOMEM : 0;
}

START_TEST(no_memory)
{
	struct weft_reader reader;
	weft__os_fault_hook = no_alloc;
	ck_assert_int_eq(weft_dial("one:80"), -ENOMEM);
	ck_assert_int_eq(weft_listen_on("one:0", 0, 0), -ENOMEM);
	ck_assert_int_eq(weft_reader_init(&reader, 0, NULL, 0), -ENOMEM);
	ck_assert_uint_eq(get(calls), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { names_and_errors, time_limits, cancels, nobody_is_looked_up_for_nobody,
				       no_memory,	 NULL };
	return run_tests("system/net_name", tests);
}
