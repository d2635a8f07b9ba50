/* SPDX-License-Identifier: MIT */
/* Pre-forked servers: a supervisor of processes that share a listening socket. */
#include <errno.h>

#include "src/os/memory.h"
#include "weft/process.h"
#include "weft/supervise.h"

int weft_prefork(const struct weft_supervisor *supervisor, unsigned processes, int listener, void *(*fn)(void *))
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	struct weft_child *children = weft__os_alloc_zeroed(processes ? processes : 1, sizeof *children);
	if (!children)
		return -ENOMEM;
	(void)weft_attr_set_kind(&attr, WEFT_KIND_PROCESS);
	(void)weft_attr_set_descriptors(&attr, &listener, 1);
	for (unsigned i = 0; i < processes; i++)
		children[i] = (struct weft_child){ .attr = &attr, .fn = fn, .arg = (void *)(intptr_t)listener };
	int err = weft_supervise(supervisor, children, processes);
	weft__os_free(children);
	return err;
}
