/* SPDX-License-Identifier: MIT */
/*
 * The models that are compared, behind one table of inline functions, so that a bench is written once: green threads,
 * kernel threads, processes; weft's bound threads; where units are only made and waited for, processes by vfork and by
 * posix_spawn; and, where units crash, green threads whose crashes are contained.
 *
 * A bench's functions take `const struct model *m` and are MODEL_INLINE; model_copies.h makes one copy for each model.
 *
 * Each model uses its cheapest means: green threads park; kernel threads wait on a private futex; processes on a futex
 * in shared memory (a pipe costs more). Results of processes come back through shared memory.
 */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <weft.h>

enum model_id {
	MODEL_GREEN,
	MODEL_PTHREAD,
	MODEL_FORK,
	MODEL_BOUND,
	MODEL_VFORK,
	MODEL_POSIX_SPAWN,
	MODEL_CONTAINED,
	MODELS
};

/* Who was spawned. */
union unit {
	weft_t green;
	pthread_t pthread;
	struct {
		pid_t pid;
		uint32_t box;
	} fork;
};

/* Where somebody waits: filled by who sits down (m->sit), in memory that all see. */
struct seat {
	_Atomic(weft_t) green;
	_Atomic uint32_t permit;
};

struct model {
	enum model_id id;
	int (*spawn)(union unit *unit, void *(*fn)(void *), void *arg); /* 0 or a negative errno value */
	uintptr_t (*join)(union unit unit);				/* what fn returned; MODEL_LOST if it died */
	void (*yield)(void);
	void (*sit)(struct seat *seat); /* this seat is mine */
	void (*park)(struct seat *seat);
	void (*unpark)(struct seat *seat);
	void (*sleep)(uint64_t nanoseconds);
};

#define MODEL_LOST UINTPTR_MAX
#define MODEL_STACK (256u * 1024) /* weft's default, for kernel threads too: it is address space, not memory */
#define MODEL_BOXES 65536u	  /* more than the processes that are ever alive at once */
#define MODEL_INLINE static inline __attribute__((always_inline))

/* Is it a thread of weft: green, or bound to a kernel thread of its own? */
MODEL_INLINE bool model_id_is_weft(enum model_id id)
{
	return id == MODEL_GREEN || id == MODEL_BOUND || id == MODEL_CONTAINED;
}

MODEL_INLINE bool model_is_weft(const struct model *m)
{
	return model_id_is_weft(m->id);
}

/* Shared memory for results, MODEL_BOXES words after a counter; made by the harness. */
extern struct model_boxes {
	_Atomic uint32_t next;
	uintptr_t result[MODEL_BOXES];
} * model_boxes;

/* Attributes of the kernel threads; made by the harness. */
extern pthread_attr_t model_pthread_attr;

/* How many CPUs this round has; set by the harness. */
extern unsigned model_cpus;

/* green */

MODEL_INLINE int green_spawn(union unit *unit, void *(*fn)(void *), void *arg)
{
	return weft_spawn(&unit->green, WEFT_GREEN, fn, arg);
}

MODEL_INLINE uintptr_t green_join(union unit unit)
{
	void *result;

	return weft_join(unit.green, &result) == 0 ? (uintptr_t)result : MODEL_LOST;
}

MODEL_INLINE void green_yield(void)
{
	(void)weft_yield();
}

MODEL_INLINE void green_sit(struct seat *seat)
{
	atomic_store_explicit(&seat->green, weft_self(), memory_order_release);
}

MODEL_INLINE void green_park(struct seat *seat)
{
	(void)seat;
	(void)weft_park();
}

MODEL_INLINE void green_unpark(struct seat *seat)
{
	(void)weft_unpark(atomic_load_explicit(&seat->green, memory_order_relaxed));
}

MODEL_INLINE void green_sleep(uint64_t nanoseconds)
{
	(void)weft_sleep(nanoseconds);
}

/* bound threads: as green ones, but for how they are made */

MODEL_INLINE int bound_spawn(union unit *unit, void *(*fn)(void *), void *arg)
{
	return weft_spawn(&unit->green, WEFT_BOUND, fn, arg);
}

/* green threads whose crashes take nobody else, if that can be */

MODEL_INLINE int contained_spawn(union unit *unit, void *(*fn)(void *), void *arg)
{
	struct weft_attr attr = WEFT_ATTR_INIT;

	(void)weft_attr_set_crash(&attr, WEFT_CRASH_CONTAIN);
	return weft_spawn(&unit->green, &attr, fn, arg);
}

/* kernel threads */

MODEL_INLINE int pthread_spawn(union unit *unit, void *(*fn)(void *), void *arg)
{
	return -pthread_create(&unit->pthread, &model_pthread_attr, fn, arg);
}

MODEL_INLINE uintptr_t pthread_await(union unit unit)
{
	void *result;

	return pthread_join(unit.pthread, &result) == 0 ? (uintptr_t)result : MODEL_LOST;
}

MODEL_INLINE void kernel_yield(void)
{
	(void)sched_yield();
}

MODEL_INLINE void kernel_sit(struct seat *seat)
{
	(void)seat;
}

MODEL_INLINE void futex_park(struct seat *seat, int flag)
{
	while (atomic_exchange_explicit(&seat->permit, 0, memory_order_acquire) == 0)
		(void)syscall(SYS_futex, &seat->permit, FUTEX_WAIT | flag, 0, NULL, NULL, 0);
}

MODEL_INLINE void futex_unpark(struct seat *seat, int flag)
{
	atomic_store_explicit(&seat->permit, 1, memory_order_release);
	(void)syscall(SYS_futex, &seat->permit, FUTEX_WAKE | flag, 1, NULL, NULL, 0);
}

MODEL_INLINE void pthread_park(struct seat *seat)
{
	futex_park(seat, FUTEX_PRIVATE_FLAG);
}

MODEL_INLINE void pthread_unpark(struct seat *seat)
{
	futex_unpark(seat, FUTEX_PRIVATE_FLAG);
}

MODEL_INLINE void kernel_sleep(uint64_t nanoseconds)
{
	struct timespec t = { .tv_sec = (time_t)(nanoseconds / 1000000000u),
			      .tv_nsec = (long)(nanoseconds % 1000000000u) };

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* processes */

/* Not inlined: fn may spawn in its turn, and that does not end for a compiler that sees both. */
static __attribute__((noinline, unused)) int fork_spawn(union unit *unit, void *(*fn)(void *), void *arg)
{
	uint32_t box = atomic_fetch_add_explicit(&model_boxes->next, 1, memory_order_relaxed) % MODEL_BOXES;
	pid_t pid = fork();

	if (pid == 0) {
		model_boxes->result[box] = (uintptr_t)fn(arg);
		_exit(0);
	}
	unit->fork.pid = pid;
	unit->fork.box = box;
	return pid < 0 ? -errno : 0;
}

MODEL_INLINE uintptr_t fork_join(union unit unit)
{
	int status;

	if (waitpid(unit.fork.pid, &status, 0) != unit.fork.pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return MODEL_LOST;
	return model_boxes->result[unit.fork.box];
}

/* The child runs on its parent's memory and stack, and the parent waits until it has ended. */
static __attribute__((noinline, unused)) int vfork_spawn(union unit *unit, void *(*fn)(void *), void *arg)
{
	uint32_t box = atomic_fetch_add_explicit(&model_boxes->next, 1, memory_order_relaxed) % MODEL_BOXES;
	pid_t pid = vfork();

	if (pid == 0) {
		model_boxes->result[box] = (uintptr_t)fn(arg);
		_exit(0);
	}
	unit->fork.pid = pid;
	unit->fork.box = box;
	return pid < 0 ? -errno : 0;
}

/* Another program, as its use is: true(1), which stands for fn. Its result is taken to be arg. */
static __attribute__((noinline, unused)) int spawn_spawn(union unit *unit, void *(*fn)(void *), void *arg)
{
	uint32_t box = atomic_fetch_add_explicit(&model_boxes->next, 1, memory_order_relaxed) % MODEL_BOXES;
	char name[] = "true", *argv[] = { name, NULL }, *none[] = { NULL };

	(void)fn;
	model_boxes->result[box] = (uintptr_t)arg;
	unit->fork.box = box;
	return -posix_spawn(&unit->fork.pid, "/bin/true", NULL, NULL, argv, none);
}

MODEL_INLINE void fork_park(struct seat *seat)
{
	futex_park(seat, 0);
}

MODEL_INLINE void fork_unpark(struct seat *seat)
{
	futex_unpark(seat, 0);
}

/* clang-format off */
static const struct model model_green = { MODEL_GREEN, green_spawn, green_join, green_yield, green_sit, green_park,
	green_unpark, green_sleep };
static const struct model model_pthread = { MODEL_PTHREAD, pthread_spawn, pthread_await, kernel_yield, kernel_sit,
	pthread_park, pthread_unpark, kernel_sleep };
static const struct model model_fork = { MODEL_FORK, fork_spawn, fork_join, kernel_yield, kernel_sit, fork_park,
	fork_unpark, kernel_sleep };
static const struct model model_bound = { MODEL_BOUND, bound_spawn, green_join, green_yield, green_sit, green_park,
	green_unpark, green_sleep };
static const struct model model_vfork __attribute__((unused)) = { MODEL_VFORK, vfork_spawn, fork_join, kernel_yield,
	kernel_sit, fork_park, fork_unpark, kernel_sleep };
static const struct model model_posix_spawn __attribute__((unused)) = { MODEL_POSIX_SPAWN, spawn_spawn, fork_join,
	kernel_yield, kernel_sit, fork_park, fork_unpark, kernel_sleep };
static const struct model model_contained __attribute__((unused)) = { MODEL_CONTAINED, contained_spawn, green_join,
	green_yield, green_sit, green_park, green_unpark, green_sleep };
/* clang-format on */

#include "model_copies.h"

#endif
