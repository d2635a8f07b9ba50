/* SPDX-License-Identifier: MIT */
/*
 * The atomics seam: the only place that names a compiler's or a checker's atomics. With WEFT__MODEL defined the same
 * algorithms compile against a model checker (tests/model), which supplies these names itself.
 *
 * Every operation says its order in its name. A call site whose order is not relaxed names the pair it belongs to
 * ("order BIAS-LEAVE"), and docs/memory-model.md lists the pairs. There is no implicit sequential consistency.
 */
#ifndef WEFT_SRC_BASE_ATOMIC_H
#define WEFT_SRC_BASE_ATOMIC_H

#ifdef WEFT__MODEL
#include "tests/model/atomic_model.h"
#else

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/base/compiler.h"

typedef _Atomic(uint32_t) weft__a32;
typedef _Atomic(uint64_t) weft__a64;
typedef _Atomic(void *) weft__aptr;

#define weft__load_rlx(p) atomic_load_explicit((p), memory_order_relaxed)
#define weft__load_acq(p) atomic_load_explicit((p), memory_order_acquire)
#define weft__store_rlx(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define weft__store_rel(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define weft__xchg_rlx(p, v) atomic_exchange_explicit((p), (v), memory_order_relaxed)
#define weft__xchg_acq(p, v) atomic_exchange_explicit((p), (v), memory_order_acquire)
#define weft__xchg_acqrel(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define weft__add_rlx(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define weft__add_acqrel(p, v) atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define weft__sub_acqrel(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define weft__or_acqrel(p, v) atomic_fetch_or_explicit((p), (v), memory_order_acq_rel)
#define weft__and_acqrel(p, v) atomic_fetch_and_explicit((p), (v), memory_order_acq_rel)
#define weft__cas_acqrel(p, old, new)                                                                                  \
	atomic_compare_exchange_strong_explicit((p), (old), (new), memory_order_acq_rel, memory_order_acquire)
#define weft__fence_full() atomic_thread_fence(memory_order_seq_cst)

/* Keeps the compiler, not the CPU, from moving memory accesses across: half of an asymmetric fence, whose other half
 * is weft__os_barrier (membarrier). */
#define weft__fence_light() atomic_signal_fence(memory_order_seq_cst)

/* For fields with one writer at a time that others peek at for hints: both sides relaxed, so a plain increment. */
#define weft__bump_rlx(p, n) weft__store_rlx((p), weft__load_rlx(p) + (n))

weft__inline void weft__cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#else
	weft__fence_light();
#endif
}

#endif
#endif
