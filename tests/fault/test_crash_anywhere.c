/* SPDX-License-Identifier: MIT */
/*
 * Faults at random instructions: a timer of each program's own interrupts its threads wherever they are, in their own code, in
 * weft's, in the C library's, and makes it look as if that instruction had called one that does not exist. Each is contained
 * with all in order, or the process dies of it within a second, and says why. Nothing else ends a program, and none hangs.
 *
 * On x86-64, where a call is easily made up: the return address is on the stack.
 */
#include "tests/support/faults.h"

#include <sys/time.h>
#include <ucontext.h>

#include "src/sched/worker.h"
#include "tests/support/child.h"

#if defined(__x86_64__) && CAN_CONTAIN && !WEFT__ASAN

enum { THREADS = 8 };

static struct pair {
	struct weft_mutex mutex; /* robust */
	volatile long a, b;	 /* equal */
} pair;

static shared done, injected, joined;
static struct weft_chan *chan;

__asm__(".text\n.type no_such_instruction, @function\nno_such_instruction:\n.cfi_startproc\nud2\n.cfi_endproc\n"
	".size no_such_instruction, . - no_such_instruction\n");
extern void no_such_instruction(void);

/* On the worker's alternate stack. Only what the threads do is of interest here, not what an idle worker does. */
static void inject(int signal, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	struct weft__worker *w = weft__worker();
	(void)signal, (void)info;
	if (!w || !w->current || get(done))
		return;
	uintptr_t top = (uintptr_t)w->current, sp = (uintptr_t)regs[REG_RSP];
	if (top - sp > weft__stack_size(w->current->class) - 8192) /* on the alternate stack, or a worker's own */
		return;
	add(injected, 1);
	uintptr_t *stack = (uintptr_t *)sp - 1;
	*stack = (uintptr_t)regs[REG_RIP];
	regs[REG_RSP] = (greg_t)(uintptr_t)stack;
	regs[REG_RIP] = (greg_t)(uintptr_t)no_such_instruction;
}

static uint64_t next(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random >> 11;
}

static uint64_t compute(uint64_t *random)
{
	uint64_t sum = 0;
	for (int i = 0; i < 5000; i++)
		sum += next(random);
	return sum;
}

static int order(const void *a, const void *b)
{
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

static void *child(void *arg)
{
	return arg;
}

static void transfer(uint64_t *random)
{
	int err = weft_mutex_lock(&pair.mutex);
	if (err == -EOWNERDEAD) {
		pair.a = pair.b;
		check_eq(weft_mutex_consistent(&pair.mutex), 0);
	} else {
		check_eq(err, 0);
	}
	check_eq(pair.a, pair.b);
	pair.a++;
	(void)compute(random);
	pair.b++;
	check_eq(weft_mutex_unlock(&pair.mutex), 0);
}

static void use_library(uint64_t *random)
{
	unsigned char bytes[200];
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)next(random);
	qsort(bytes, sizeof bytes, 1, order);
	free(malloc(bytes[100]));
}

static void use_weft(uint64_t *random)
{
	uint64_t n = next(random);
	(void)weft_chan_trysend(chan, &n);
	(void)weft_chan_tryrecv(chan, &n);
	weft_yield();
	weft_t t;
	if (weft_spawn(&t, NULL, child, NULL) == 0) {
		int err = weft_join(t, NULL);
		check(err == 0 || err == -EOWNERDEAD);
	}
}

static void *play(void *arg)
{
	uint64_t random = (uint64_t)(uintptr_t)arg | 1;
	while (!get(done)) {
		uint64_t n = next(&random) % 64;
		if (n == 0)
			use_library(&random);
		else if (n < 4)
			use_weft(&random);
		else if (n < 16)
			transfer(&random);
		else if (compute(&random) == 1)
			break;
	}
	return NULL;
}

static void *body(void *arg)
{
	uint64_t random = *(uint64_t *)arg, begun = weft_now();
	struct weft_attr attr = WEFT_ATTR_INIT;
	weft_attr_set_crash(&attr, WEFT_CRASH_CONTAIN);
	weft_attr_set_queued(&attr, true);
	while (weft_now() - begun < WEFT_MS(300)) {
		weft_t t[THREADS];
		for (int i = 0; i < THREADS; i++)
			t[i] = spawn(&attr, play, (void *)(uintptr_t)next(&random));
		for (int i = 0; i < THREADS; i++) {
			struct weft_status status;
			if (i == 0 && weft_now() - begun > WEFT_MS(250))
				set(done, 1);
			check_eq(weft_join_status(t[i], &status), 0);
			add(joined, status.how == WEFT_CRASHED);
		}
	}
	return arg;
}

static int run_program(void *arg)
{
	const struct weft_mutex robust = WEFT_MUTEX_ROBUST_INIT;
	struct sigaction action = { .sa_sigaction = inject, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	struct itimerval period = { { 0, 4000 }, { 0, 4000 } };
	struct weft_config config = workers_at_least(1);
	pair.mutex = robust;
	check_eq(weft_config_set_crash(&config, WEFT_CRASH_CONTAIN), 0);
	check_eq(weft_config_set_crash_format(&config, WEFT_CRASH_JSON), 0);
	check_eq(weft_chan_create(&chan, sizeof(uint64_t), 4), 0);
	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &period, NULL);
	int err = weft_run(&config, body, arg, NULL);
	period = (struct itimerval){ 0 };
	setitimer(ITIMER_PROF, &period, NULL);
	fprintf(stderr, "\n%llu of %llu\n", (unsigned long long)get(joined), (unsigned long long)get(injected));
	return err == 0 || err == -EOWNERDEAD ? 42 : 43;
}

START_TEST(anywhere)
{
	uint64_t random = new_seed(), slowest = 0;
	const char *given = getenv("WEFT_TEST_FAULTS");
	unsigned n = given ? (unsigned)(strtoull(given, NULL, 0) / 100) : 20, survived = 0, died = 0;
	for (unsigned i = 0; i < n; i++) {
		uint64_t seed = next(&random) | 1, begun = weft_now();
		struct child child = run_child(run_program, &seed);
		uint64_t took = weft_now() - begun;
		slowest = took > slowest ? took : slowest;
		if (WIFEXITED(child.status)) {
			survived++;
			ck_exited(&child, 42);
			continue;
		}
		died++;
		ck_died(&child, SIGILL);
		ck_said(&child, "{\"weft\":\"crash\",\"signal\":\"SIGILL\"");
	}
	printf("%u programs lived, %u died of a fault that was not contained; in %llu ms at most\n", survived, died,
	       (unsigned long long)slowest / 1000000);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { anywhere, NULL };
	return run_tests("fault/crash_anywhere", tests);
}

#else

int main(void)
{
	printf("skipped: faults are injected on x86-64 only, and where crashes can be contained\n");
	return 77;
}

#endif
