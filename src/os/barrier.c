/* SPDX-License-Identifier: MIT */
/* membarrier(2), private and expedited: 0.4 us alone, more where other CPUs run threads of the process. */
#include "src/os/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/atomic.h"
#include "src/os/fault.h"

static bool available;

bool weft__os_barrier_init(void)
{
	if (weft__os_fault(WEFT__OS_BARRIER))
		available = false;
	else
		available = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
	return available;
}

void weft__os_barrier(void)
{
	if (!available || syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
		weft__fence_full();
}
