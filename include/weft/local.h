/* SPDX-License-Identifier: MIT */
/*
 * Thread-local values: one for each thread and key; and one pointer a thread without a key.
 *
 * The C language's _Thread_local belongs to the kernel thread, which a green thread changes at any switch (docs/tls.md): what
 * belongs to the green thread has to be kept here. For green and bound threads alike.
 *
 * A thread that sets nothing pays nothing. Measured on Zen 4: get 2.3 ns (a function of libweft.so: 3.0; a bound thread: 0.8 to
 * 1.4 more), set 3, weft_data_get 1.6.
 */
#ifndef WEFT_LOCAL_H
#define WEFT_LOCAL_H

#include <weft/base.h>

WEFT_BEGIN_DECLS

/* A key: a plain number. 0 is none. */
typedef uint32_t weft_local_t;

#define WEFT_LOCALS_MAX 1024 /* keys that can exist at the same time */

/*
 * Make a key. At the end of each thread that has a value other than NULL under it, destructor (or NULL) is called with
 * that value, on that thread, masked (weft/cancel.h); what the thread has there is NULL by then. It may wait, spawn and set
 * values, which are destroyed too, in up to four rounds; it may not call weft_exit. From any kernel thread, with or without
 * a runtime. 0; -EAGAIN: there are WEFT_LOCALS_MAX; -EINVAL: key is NULL.
 */
WEFT_API int weft_local_create(weft_local_t *key, void (*destructor)(void *));

/* The key is none from now on; values under it are not destroyed, and no key that is made later shows them. -EINVAL if there is
 * no such key. */
WEFT_API int weft_local_delete(weft_local_t key);

/* The calling thread's value. set: 0; -EINVAL no such key; -ENOMEM, then the value is as it was; -EPERM the caller is not a
 * thread of weft's. get: NULL where there is none. */
WEFT_API int weft_local_set(weft_local_t key, void *value);
WEFT_API void *weft_local_get(weft_local_t key);

/* A pointer that each thread has without a key, for the program's own use: NULL in a new thread. 0, or -EPERM as above. */
WEFT_API int weft_data_set(void *data);
WEFT_API void *weft_data_get(void);

WEFT_END_DECLS

#endif
