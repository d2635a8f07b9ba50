/* SPDX-License-Identifier: MIT */
/* What every public header needs: linkage and the marks on declarations. */
#ifndef WEFT_BASE_H
#define WEFT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define WEFT_BEGIN_DECLS extern "C" {
#define WEFT_END_DECLS }
#define WEFT_NORETURN __attribute__((noreturn))
#else
#define WEFT_BEGIN_DECLS
#define WEFT_END_DECLS
#define WEFT_NORETURN _Noreturn
#endif

#if defined(__GNUC__)
#define WEFT_API __attribute__((visibility("default")))
#define WEFT_CHECK __attribute__((warn_unused_result))
#else
#define WEFT_API
#define WEFT_CHECK
#endif

/*
 * Marks a call that may run other green threads before it returns, and may return on another kernel thread: what was
 * read from a thread-local variable before it (errno among them) says nothing after it. See docs/tls.md.
 */
#define WEFT_MAY_SWITCH

#endif
