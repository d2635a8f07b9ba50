/* SPDX-License-Identifier: MIT */
/*
 * System calls in place, without the C library's wrapper: that brackets each call that can block by what pthread_cancel
 * needs, which is 100 ns and more of a cached read of 1,000 (docs/design.md, section 17); and it leaves errors in errno, a
 * thread-local.
 */
#ifndef WEFT_SRC_OS_SYSCALL_H
#define WEFT_SRC_OS_SYSCALL_H

#include "src/base/compiler.h"

#if defined(__x86_64__) && !defined(__ILP32__)
#define WEFT__OS_SYSCALL 1

weft__inline long weft__os_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__) && !defined(__ILP32__)
#define WEFT__OS_SYSCALL 1

weft__inline long weft__os_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}

#else
#define WEFT__OS_SYSCALL 0
#endif

#endif
