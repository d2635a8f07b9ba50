/* SPDX-License-Identifier: MIT */
/*
 * A bench's functions once for each model: MODEL_BODY(f) and MODEL_THREAD(f) make copies in which the compiler sees the
 * constant table of model.h and calls the model's own function directly: no call by pointer is left in a measured loop.
 * Those with KERNEL in their names leave the threads of weft out.
 */
#ifndef BENCH_MODEL_COPIES_H
#define BENCH_MODEL_COPIES_H

/* From `f(struct run *, const struct model *)` make f_models, the bodies of a struct bench. */
#define MODEL_BODY(f)                                                                                                  \
	static void f##_green(struct run *r)                                                                           \
	{                                                                                                              \
		f(r, &model_green);                                                                                    \
	}                                                                                                              \
	static void f##_bound(struct run *r)                                                                           \
	{                                                                                                              \
		f(r, &model_bound);                                                                                    \
	}                                                                                                              \
	MODEL_KERNEL_BODY(f)
#define MODEL_KERNEL_BODY(f)                                                                                           \
	static void f##_pthread(struct run *r)                                                                         \
	{                                                                                                              \
		f(r, &model_pthread);                                                                                  \
	}                                                                                                              \
	static void f##_fork(struct run *r)                                                                            \
	{                                                                                                              \
		f(r, &model_fork);                                                                                     \
	}

/* ... and for those that only make units and wait for them, two more. */
#define MODEL_PROCESS_BODY(f)                                                                                          \
	static void f##_vfork(struct run *r)                                                                           \
	{                                                                                                              \
		f(r, &model_vfork);                                                                                    \
	}                                                                                                              \
	static void f##_posix_spawn(struct run *r)                                                                     \
	{                                                                                                              \
		f(r, &model_posix_spawn);                                                                              \
	}

/* ... and for those in which units crash, one more. */
#define MODEL_CONTAINED_BODY(f)                                                                                        \
	static void f##_contained(struct run *r)                                                                       \
	{                                                                                                              \
		f(r, &model_contained);                                                                                \
	}

/* In the order of enum model_id. */
#define MODEL_BODIES(f)                                                                                                \
	{                                                                                                              \
		f##_green, f##_pthread, f##_fork, f##_bound                                                            \
	}
#define MODEL_PROCESS_BODIES(f)                                                                                        \
	{                                                                                                              \
		f##_green, f##_pthread, f##_fork, f##_bound, f##_vfork, f##_posix_spawn                                \
	}
#define MODEL_CONTAINED_BODIES(f)                                                                                      \
	{                                                                                                              \
		f##_green, f##_pthread, f##_fork, f##_bound, NULL, NULL, f##_contained                                 \
	}
#define MODEL_KERNEL_BODIES(f)                                                                                         \
	{                                                                                                              \
		NULL, f##_pthread, f##_fork                                                                            \
	}

/* From `f(void *, const struct model *)` make f_of[model], the start functions of threads. Declare it first where f
 * spawns itself. */
#define MODEL_THREAD(f)                                                                                                \
	static void *f##_green(void *arg)                                                                              \
	{                                                                                                              \
		return f(arg, &model_green);                                                                           \
	}                                                                                                              \
	static void *f##_bound(void *arg)                                                                              \
	{                                                                                                              \
		return f(arg, &model_bound);                                                                           \
	}                                                                                                              \
	MODEL_KERNEL_THREAD(f)
#define MODEL_KERNEL_THREAD(f)                                                                                         \
	static void *f##_pthread(void *arg)                                                                            \
	{                                                                                                              \
		return f(arg, &model_pthread);                                                                         \
	}                                                                                                              \
	static void *f##_fork(void *arg)                                                                               \
	{                                                                                                              \
		return f(arg, &model_fork);                                                                            \
	}
#define MODEL_DECLARE(f) static void *f##_green(void *), *f##_bound(void *), *f##_pthread(void *), *f##_fork(void *)
#define MODEL_OF(f, m) ((m)->id == MODEL_GREEN ? f##_green : (m)->id == MODEL_BOUND ? f##_bound : MODEL_KERNEL_OF(f, m))
#define MODEL_KERNEL_OF(f, m) ((m)->id == MODEL_PTHREAD ? f##_pthread : f##_fork)

#endif
