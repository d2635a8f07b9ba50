/* SPDX-License-Identifier: MIT */
/*
 * crash-service, -1000, -100: eight units take requests of about 2 us of computing from one channel, and no request, one
 * in a thousand, or one in a hundred is deadly: it writes through a null pointer. Who dies of it is replaced: a thread of
 * weft by weft_supervise, a pre-forked process by the one that forked it. The figure is requests served a second, deadly
 * ones not counted.
 */
#include <fcntl.h>

#include "channel.h"
#include "ward.h"
#include "work.h"

enum { STEPS = 2000, SERVERS = 8, EACH = 250 };

static struct shop {
	union channel requests;
	struct seat boss;
	uint64_t deadly; /* one in so many; 0: none */
	_Atomic uint64_t left;
	union unit units[SERVERS]; /* of kernel threads; or the supervisor, or the process that forks them */
} * shop;

/* It counts as done before it is deadly, or nobody would know. */
MODEL_INLINE void serve(uint64_t number, const struct model *m)
{
	(void)work(STEPS, number);
	if (atomic_fetch_sub(&shop->left, 1) == 1)
		m->unpark(&shop->boss);
	if (shop->deadly && number % shop->deadly == 0)
		fault_now(FAULT_NULL, (char *)shop);
}

/* A request of 0 is the end of the day. */
MODEL_INLINE void *server(void *arg, const struct model *m)
{
	uint64_t number;

	(void)arg;
	while ((number = channel_recv(&shop->requests, m)) != 0)
		serve(number, m);
	return NULL;
}
MODEL_KERNEL_THREAD(server)

static void *server_weft(void *arg)
{
	return server(arg, &model_green);
}

static void *supervisor(void *attr)
{
	static const struct weft_supervisor often = { .restarts = 65536, .period = WEFT_MS(100) };
	struct weft_child children[SERVERS];

	for (int i = 0; i < SERVERS; i++)
		children[i] = (struct weft_child){ .attr = attr, .fn = server_weft, .restart = WEFT_TRANSIENT };
	return weft_supervise(&often, children, SERVERS) == 0 ? attr : NULL;
}

static pid_t fork_server(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)server_fork(NULL);
		_exit(0);
	}
	return pid;
}

/* A process that has them as its children, and forks another for each that has died. */
static void *forker(void *arg)
{
	int left = SERVERS, status;

	ward_no_core();
	for (int i = 0; i < SERVERS; i++)
		(void)fork_server();
	while (left > 0 && wait(&status) > 0)
		if (status == 0)
			left--;
		else
			(void)fork_server();
	return arg;
}

/* Both live as long as the process. */
static struct weft_attr *attr_of(const struct model *m)
{
	static struct weft_attr attr = WEFT_ATTR_INIT;

	(void)weft_attr_set_kind(&attr, m->id == MODEL_BOUND ? WEFT_KIND_BOUND : WEFT_KIND_GREEN);
	(void)weft_attr_set_crash(&attr, m->id == MODEL_GREEN ? WEFT_CRASH_ABORT : WEFT_CRASH_CONTAIN);
	return &attr;
}

/* How many units there are to wait for in the end; 0: they could not be had. */
MODEL_INLINE int start(const struct model *m)
{
	int got = 0;

	if (model_is_weft(m))
		return weft_spawn(&shop->units[0].green, WEFT_GREEN, supervisor, attr_of(m)) == 0;
	if (m->id == MODEL_FORK)
		return m->spawn(&shop->units[0], forker, shop) == 0;
	while (got < SERVERS && m->spawn(&shop->units[got], server_pthread, NULL) == 0)
		got++;
	return got;
}

MODEL_INLINE void measure(struct batch *b, const struct model *m)
{
	uint64_t number = 1;

	while (batch_more(b)) {
		uint64_t deadly = shop->deadly ? b->ops / shop->deadly : 0;

		shop->left = b->ops;
		batch_start(b);
		for (uint64_t i = 0; i < b->ops; i++)
			channel_send(&shop->requests, number++, m);
		while (atomic_load(&shop->left) > 0)
			m->park(&shop->boss);
		batch_record(b, 0, (double)(b->ops - deadly) * 1e9 / (double)(batch_now() - b->begun));
	}
}

/* Crashes are reported, as by default, but nobody shall read that. */
static void hush(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		dup2(fd, STDERR_FILENO);
}

MODEL_INLINE void run_service(struct run *r, const struct model *m, uint64_t deadly)
{
	int units;
	bool lost = false;

	if (deadly && (m->id == MODEL_GREEN || m->id == MODEL_PTHREAD))
		batch_fail(&r->batch, "the first deadly request takes all eight");
	if (r->batch.failed)
		return;
	shop = system_shared(sizeof(*shop));
	if (!shop || !channel_make(&shop->requests, m, CHANNEL_CAPACITY)) {
		batch_fail(&r->batch, "no shared memory, or no channel");
		return;
	}
	hush();
	shop->deadly = deadly;
	m->sit(&shop->boss);
	units = start(m);
	if (units == 0)
		batch_fail(&r->batch, "no units");
	measure(&r->batch, m);
	for (int i = 0; i < SERVERS; i++)
		channel_send(&shop->requests, 0, m);
	for (int i = 0; i < units; i++)
		lost |= m->join(shop->units[i]) == (m->id == MODEL_PTHREAD ? MODEL_LOST : 0);
	batch_check(&r->batch, !lost, "who restarts the servers has given up");
}

#define SERVICE(id, name, every, text)                                                                                 \
	MODEL_INLINE void id(struct run *r, const struct model *m)                                                     \
	{                                                                                                              \
		run_service(r, m, every);                                                                              \
	}                                                                                                              \
	MODEL_BODY(id)                                                                                                 \
	MODEL_CONTAINED_BODY(id)                                                                                       \
	const struct bench bench_crash_##id = {                                                                        \
		.rows = { name },                                                                                      \
		.units = { "req/s" },                                                                                  \
		.what = text,                                                                                          \
		.body = MODEL_CONTAINED_BODIES(id),                                                                    \
		.size = { SERVERS, SERVERS, SERVERS },                                                                 \
		.per_unit = EACH,                                                                                      \
		.fixed = true,                                                                                         \
		.flags = BENCH_MANY_CPUS,                                                                              \
	}

SERVICE(service, "crash-service", 0, "requests that eight units serve");
SERVICE(service_1000, "crash-service-1000", 1000, "the same: one in 1,000 kills its unit, which is replaced");
SERVICE(service_100, "crash-service-100", 100, "the same: one in 100");
