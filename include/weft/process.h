/* SPDX-License-Identifier: MIT */
/*
 * Threads that are processes: weft_spawn with WEFT_PROCESS runs the function in an address space of its own, with a runtime
 * of its own. It is joined, canceled and detached as any thread, and tells how it ended as any (weft/status.h); its crash,
 * whatever it is, takes nobody else.
 *
 * Its memory is a copy of the program's as it was when the runtime was started (weft_run, weft_start), not as it is now:
 * what was allocated and changed since is not there. So `arg` may point to what stood there by then, or be a plain number;
 * anything else is given by value, with weft_attr_set_data. fn is a function of the program, or of a library that was
 * loaded by then.
 *
 * It has the descriptors 0, 1 and 2 and those that it is given, and no others. What it returns is a number, not a pointer.
 * To talk with it: a pair of channels (weft/link.h), sockets, files, memory that was mapped MAP_SHARED before the runtime
 * was started.
 */
#ifndef WEFT_PROCESS_H
#define WEFT_PROCESS_H

#include <sys/types.h>
#include <weft/runtime.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/*
 * Whether threads of this runtime can be processes, and how many workers the runtime of each has. 0 (the default): none
 * can, and weft_spawn answers -ENOTSUP. Else the runtime starts with a helper process, from which they are forked; nothing
 * else is different. -EINVAL above 256.
 */
WEFT_API int weft_config_set_process_workers(struct weft_config *config, unsigned workers);

#define WEFT_DATA_MAX 65536	/* bytes */
#define WEFT_DESCRIPTORS_MAX 64 /* of one process */

/* What a process is given by value: it gets a pointer to a copy as its `arg`. Read by weft_spawn; the attribute refers to
 * it. size 0: nothing. -EINVAL: data is NULL, or more than WEFT_DATA_MAX bytes. */
WEFT_API int weft_attr_set_data(struct weft_attr *attr, const void *data, size_t size);

/* The descriptors that a process has besides 0, 1 and 2: under the same numbers, sharing the open files. The array is read by
 * weft_spawn; the attribute refers to it. -EINVAL: more than WEFT_DESCRIPTORS_MAX, or NULL. */
WEFT_API int weft_attr_set_descriptors(struct weft_attr *attr, const int *fds, unsigned count);

/* How long a process may go on once it has been canceled, in nanoseconds: then it is killed (SIGKILL). 0 (the default): 5
 * seconds; WEFT_FOREVER: it is not. */
WEFT_API int weft_attr_set_kill_after(struct weft_attr *attr, uint64_t nanoseconds);

/* The process of such a thread, until it has been seen to end. 0; -ESRCH: it has, or is no process. */
WEFT_API int weft_process_id(weft_t thread, pid_t *pid);

WEFT_END_DECLS

#endif
