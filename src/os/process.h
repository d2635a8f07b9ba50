/* SPDX-License-Identifier: MIT */
/* Children and signals as descriptors. All return a negative errno value where they fail. */
#ifndef WEFT_SRC_OS_PROCESS_H
#define WEFT_SRC_OS_PROCESS_H

#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/* A descriptor that is readable once the process has ended. */
int weft__os_pidfd(pid_t pid);

/* waitpid with WNOHANG. */
pid_t weft__os_reap(pid_t pid, int *status, int options);

/* A descriptor, not blocking, to read signals from: bit n - 1 is signal n. */
int weft__os_signal_fd(uint64_t signals);
int weft__os_signal_read(int fd, struct signalfd_siginfo *info);

#endif
