/* SPDX-License-Identifier: MIT */
/*
 * The kernel is asked to read for us: it answers EFAULT where we would die. rt_sigprocmask copies the new mask in
 * before it looks at what to do with it, and a senseless `how` makes it stop there, with EINVAL and nothing changed.
 * Unlike write(2) into a pipe it needs no descriptor, which a crashed process may have run out of; unlike
 * process_vm_readv it is refused by no container and known to qemu-user. Any other answer is taken for a no.
 */
#include "src/os/readable.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_SUCH_HOW = -1, KERNEL_SET = 8 /* bytes */ };

bool weft__os_readable(const void *word)
{
	int saved = errno;
	bool readable = syscall(SYS_rt_sigprocmask, NO_SUCH_HOW, word, NULL, KERNEL_SET) == -1 && errno == EINVAL;
	errno = saved;
	return readable;
}
