/* SPDX-License-Identifier: MIT */
/*
 * The checker's side of the atomics seam (src/base/atomic.h): the same names, each of them a call of the engine. The
 * product's sources stay C; only the engine is C++. `_Atomic(T)` becomes a cell for a pointer, or for a small number.
 */
#ifndef WEFT_TESTS_MODEL_ATOMIC_MODEL_H
#define WEFT_TESTS_MODEL_ATOMIC_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "src/base/compiler.h"
#include "tests/model/model.h"

typedef struct model_a8 {
	struct model_cell cell;
} model_a8;
typedef struct model_a16 {
	struct model_cell cell;
} model_a16;
typedef struct model_a32 {
	struct model_cell cell;
} weft__a32;
typedef struct model_a64 {
	struct model_cell cell;
} weft__a64;
typedef struct model_aptr {
	struct model_cell cell;
} weft__aptr;
#define _Atomic(type)                                                                                                  \
	__typeof__(_Generic((type)0, uint8_t                                                                           \
			    : (struct model_a8){ 0 }, uint16_t                                                         \
			    : (struct model_a16){ 0 }, default                                                         \
			    : (struct model_aptr){ 0 }))

/* The engine's 64 bits as a value of the atomic's type, and its size. */
#define model_typed(p, v)                                                                                              \
	_Generic((p),                                                                                                  \
		struct model_a8 *: (uint8_t)(v),                                                                       \
		struct model_a16 *: (uint16_t)(v),                                                                     \
		struct model_a32 *: (uint32_t)(v),                                                                     \
		const struct model_a32 *: (uint32_t)(v),                                                               \
		struct model_aptr *: (void *)(v),                                                                      \
		const struct model_aptr *: (void *)(v),                                                                \
		default: (v))
#define model_bytes(p) _Generic((p), struct model_a32 * : 4u, default : 8u)
#define model_bits(v) ((uint64_t)(uintptr_t)(v))

#define model_load_as(p, order) model_typed((p), model_load(&(p)->cell, (order), MODEL_HERE))
#define model_store_as(p, v, order)                                                                                    \
	model_store(&(p)->cell, model_bits(model_typed((p), model_bits(v))), (order), MODEL_HERE)
#define model_rmw_as(p, op, v, order)                                                                                  \
	model_typed((p), model_rmw(&(p)->cell, (op), model_bits(v), model_bytes(p), (order), MODEL_HERE))

#define weft__load_rlx(p) model_load_as((p), MODEL_RELAXED)
#define weft__load_acq(p) model_load_as((p), MODEL_ACQUIRE)
#define weft__store_rlx(p, v) model_store_as((p), (v), MODEL_RELAXED)
#define weft__store_rel(p, v) model_store_as((p), (v), MODEL_RELEASE)
#define weft__xchg_rlx(p, v) model_rmw_as((p), MODEL_XCHG, (v), MODEL_RELAXED)
#define weft__xchg_acq(p, v) model_rmw_as((p), MODEL_XCHG, (v), MODEL_ACQUIRE)
#define weft__xchg_acqrel(p, v) model_rmw_as((p), MODEL_XCHG, (v), MODEL_ACQ_REL)
#define weft__add_rlx(p, v) model_rmw_as((p), MODEL_ADD, (v), MODEL_RELAXED)
#define weft__add_acqrel(p, v) model_rmw_as((p), MODEL_ADD, (v), MODEL_ACQ_REL)
#define weft__sub_acqrel(p, v) model_rmw_as((p), MODEL_SUB, (v), MODEL_ACQ_REL)
#define weft__or_acqrel(p, v) model_rmw_as((p), MODEL_OR, (v), MODEL_ACQ_REL)
#define weft__and_acqrel(p, v) model_rmw_as((p), MODEL_AND, (v), MODEL_ACQ_REL)

static inline bool model_cas_as(struct model_cell *cell, void *old, size_t bytes, uint64_t value, struct model_place at)
{
	uint64_t wide = 0; /* little endian */
	memcpy(&wide, old, bytes);
	bool done = model_cas(cell, &wide, value, at);
	memcpy(old, &wide, bytes);
	return done;
}
#define weft__cas_acqrel(p, old, new)                                                                                  \
	model_cas_as(&(p)->cell, (old), sizeof *(old), model_bits(model_typed((p), model_bits(new))), MODEL_HERE)

#define weft__fence_full() model_fence_full(MODEL_HERE)
#define weft__fence_light() model_fence_light(MODEL_HERE)
#define weft__bump_rlx(p, n) weft__store_rlx((p), weft__load_rlx(p) + (n))
#define weft__cpu_relax() model_yield(MODEL_HERE)

#endif
