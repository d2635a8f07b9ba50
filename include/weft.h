/* SPDX-License-Identifier: MIT */
/* weft: green threads over kernel threads. Umbrella header: everything public. */
#ifndef WEFT_H
#define WEFT_H

#include <weft/blocking.h>
#include <weft/buffered.h>
#include <weft/cancel.h>
#include <weft/chan.h>
#include <weft/child.h>
#include <weft/crash.h>
#include <weft/file.h>
#include <weft/io.h>
#include <weft/link.h>
#include <weft/local.h>
#include <weft/net.h>
#include <weft/poller.h>
#include <weft/pooled.h>
#include <weft/process.h>
#include <weft/runtime.h>
#include <weft/scope.h>
#include <weft/status.h>
#include <weft/supervise.h>
#include <weft/sync.h>
#include <weft/thread.h>
#include <weft/time.h>
#include <weft/version.h>

#endif
