/* SPDX-License-Identifier: MIT */
/* Short names for what the compiler is told: branch hints, cold paths, and which sanitizer is watching. */
#ifndef WEFT_SRC_BASE_COMPILER_H
#define WEFT_SRC_BASE_COMPILER_H

#define weft__likely(x) __builtin_expect(!!(x), 1)
#define weft__unlikely(x) __builtin_expect(!!(x), 0)
#define weft__cold __attribute__((cold, noinline))
#define weft__noinline __attribute__((noinline))
#define weft__inline static inline __attribute__((always_inline))
#define weft__aligned(n) __attribute__((aligned(n)))
#define weft__container(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define WEFT__CACHE_LINE 64

#if defined(__has_feature)
#define weft__has_feature(x) __has_feature(x)
#else
#define weft__has_feature(x) 0
#endif

#if defined(__SANITIZE_THREAD__) || weft__has_feature(thread_sanitizer)
#define WEFT__TSAN 1
#else
#define WEFT__TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__) || weft__has_feature(address_sanitizer)
#define WEFT__ASAN 1
#else
#define WEFT__ASAN 0
#endif

#endif
