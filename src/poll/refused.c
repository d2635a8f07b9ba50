/* SPDX-License-Identifier: MIT */
/* What is said when io_uring cannot be had. WEFT_IO=epoll asks for nothing else, and so is silent. */
#include "src/poll/refused.h"

#include <errno.h>

#include "src/base/panic.h"
#include "src/os/uring.h"

static const char *reason(int error)
{
	switch (error) {
	case -ENOTSUP:
		return "this weft is built without it: configure it where liburing 2.3 is installed";
	case -ENOSYS:
		return "ENOSYS: this kernel is built without it, or a seccomp filter denies it: "
		       "allow io_uring_setup, io_uring_enter and io_uring_register there";
	case -EPERM:
		if (weft__os_uring_disabled())
			return "EPERM: the sysctl kernel.io_uring_disabled forbids it: set that to 0";
		return "EPERM: a seccomp filter or a security module forbids it: "
		       "allow io_uring_setup, io_uring_enter and io_uring_register there";
	case -EACCES:
		return "EACCES: a seccomp filter or a security module forbids it: "
		       "allow io_uring_setup, io_uring_enter and io_uring_register there";
	case -ENOMEM:
		return "ENOMEM: there is no memory for its ring: raise the limit of locked memory (ulimit -l), or of "
		       "the cgroup";
	case -EINVAL:
		return "EINVAL: this kernel's is too old: it needs Linux 5.11";
	case -EMFILE:
	case -ENFILE:
		return "no descriptor is left: raise the limit (ulimit -n)";
	}
	return NULL;
}

void weft__uring_refused(int error)
{
	const char *why = reason(error);
	struct weft__text text = { 0 };
	weft__text_str(&text, "io_uring cannot be had, epoll is used instead. ");
	if (why) {
		weft__text_str(&text, why);
	} else {
		weft__text_str(&text, "Error ");
		weft__text_dec(&text, (uint64_t) - (int64_t)error);
	}
	text.buf[text.len < sizeof text.buf ? text.len : sizeof text.buf - 1] = 0;
	weft__warn(text.buf);
}
