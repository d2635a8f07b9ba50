/* SPDX-License-Identifier: MIT */
/*
 * What a model is made of. A model is one C file here that is linked with the product's own C files, compiled with
 * WEFT__MODEL, and with engine.cc, which runs it under relacy: thousands of executions, each with another interleaving
 * and other stale values for the loads that may see them.
 *
 * All data of the model and of the product's files is reset before each execution, so statics need no care. What is
 * not atomic is checked for races only where it is a model_plain.
 */
#ifndef WEFT_TESTS_MODEL_MODEL_H
#define WEFT_TESTS_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The model supplies these. before and after run alone, and everything in them is seen by everybody after it. */
extern const unsigned model_threads; /* at most MODEL_THREADS_MAX */
void model_before(void);
void model_thread(unsigned index);
void model_after(void);
/* Called whenever a model thread goes on after others may have run: to put its kernel thread's own variables back. */
void model_resumed(unsigned index);

enum { MODEL_THREADS_MAX = 4 };

/* How the light fence and the barrier are modelled; see engine.cc. */
enum model_fences { MODEL_PAIR, MODEL_IPI, MODEL_SYMMETRIC };
extern enum model_fences model_fences;

enum model_order { MODEL_RELAXED, MODEL_ACQUIRE, MODEL_RELEASE, MODEL_ACQ_REL };
enum model_rmw { MODEL_XCHG, MODEL_ADD, MODEL_SUB, MODEL_OR, MODEL_AND };

/* An atomic of the product. Zero bytes are an atomic with the value 0; a copy of one is a new one with that of `first`. */
struct model_cell {
	uint64_t first;
	uint32_t execution, slot;
};

struct model_place {
	const char *function, *file;
	unsigned line;
};
#define MODEL_HERE                                                                                                     \
	(struct model_place)                                                                                           \
	{                                                                                                              \
		__func__, __FILE__, __LINE__                                                                           \
	}

uint64_t model_load(struct model_cell *cell, enum model_order order, struct model_place at);
void model_store(struct model_cell *cell, uint64_t value, enum model_order order, struct model_place at);
uint64_t model_rmw(struct model_cell *cell, enum model_rmw op, uint64_t value, unsigned bytes, enum model_order order,
		   struct model_place at);
bool model_cas(struct model_cell *cell, uint64_t *old, uint64_t value, struct model_place at);
void model_fence_full(struct model_place at);
void model_fence_light(struct model_place at);
void model_barrier(struct model_place at);
void model_yield(struct model_place at);

/* The value that is last in the atomic's own order, as a system call would find it. */
uint64_t model_newest(struct model_cell *cell);

/* As the kernel's: the comparison and falling asleep are one step. False if the time was up, which may happen any time. */
bool model_futex_wait(struct model_cell *cell, uint32_t expected, bool timed, struct model_place at);
void model_futex_wake(struct model_cell *cell, unsigned n, struct model_place at);

/* A plain variable, with every access checked for races. */
struct model_plain {
	struct model_cell cell;
};
uint64_t model_plain_read(struct model_plain *plain, struct model_place at);
void model_plain_write(struct model_plain *plain, uint64_t value, struct model_place at);
#define model_read(p) model_plain_read((p), MODEL_HERE)
#define model_write(p, v) model_plain_write((p), (v), MODEL_HERE)

/* The calling model thread; a number below `limit`, each value of which is tried. */
unsigned model_self(void);
unsigned model_choose(unsigned limit);

void model_fail(const char *what, struct model_place at);
/* Called in place of a function of the product that the model is linked without. */
#define model_missing(name) model_fail(name " is not in this model", MODEL_HERE)
#define MODEL_ASSERT(cond) ((cond) ? (void)0 : model_fail(#cond, MODEL_HERE))

#ifdef __cplusplus
}
#endif
#endif
