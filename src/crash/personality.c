/* SPDX-License-Identifier: MIT */
/*
 * What the unwinder asks about the outermost frame of a green or bound thread (arch/NAME/switch.S names it there). It costs
 * nothing until an exception comes so far: then nobody has caught it.
 *
 * If crashes of the thread are contained, it is caught here. So the unwinder runs the destructors on its way, and the thread
 * goes on in its outermost frame, in threw(), to end. Otherwise it finds nobody, and std::terminate is called where the
 * exception was thrown, with the stack as it is: that is what a core dump should show.
 *
 * It is not caught either if it would pass through frames that are not the user's, for the same reasons as judge.c has: weft
 * and the C library have no destructors, and would be left in the middle.
 */
#include <unwind.h>

#include "src/crash/contain.h"
#include "src/crash/exception.h"
#include "src/crash/handler.h"
#include "src/crash/judge.h"
#include "src/sched/park.h"
#include "src/sched/spawn.h"

_Unwind_Reason_Code weft__arch_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
					   struct _Unwind_Exception *thrown, struct _Unwind_Context *context);

#if WEFT_ARCH_REDIRECTS

#pragma weak _Unwind_SetGR
#pragma weak _Unwind_SetIP

/* In the outermost frame, which is all that is left of the stack. */
static struct weft__arch_next threw(void *thrown)
{
	struct weft__thread *self = weft__self_or_null();
	weft__exception_drop(thrown);
	return weft__is_green(self) ? weft__end_threw(self) : weft__end_crashed_bound(self, NULL);
}

/* What the process dies of. */
static void say(const struct weft__crash *crash)
{
	static struct weft__text said;
	said.len = 0;
	weft__text_str(&said, "an exception: ");
	weft__text_str(&said, crash->message);
	if (crash->why_not) {
		weft__text_str(&said, "; not contained: ");
		weft__text_str(&said, crash->why_not);
	}
	said.buf[said.len < sizeof said.buf ? said.len : sizeof said.buf - 1] = 0;
	weft__panic_say(said.buf);
}

static bool is_caught(struct _Unwind_Exception *thrown)
{
	struct weft__thread *self = weft__self_or_null();
	struct weft__crash crash;
	if (!self)
		return false;
	weft__crash_see_thrown(&crash, self);
	weft__exception_describe(thrown, crash.message, sizeof crash.message);
	crash.contained = weft__contain_thrown(&crash, self);
	if (crash.contained)
		weft__crash_keep(&crash);
	else
		say(&crash);
	return crash.contained;
}

_Unwind_Reason_Code weft__arch_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
					   struct _Unwind_Exception *thrown, struct _Unwind_Context *context)
{
	(void)class;
	if (version != 1 || (actions & _UA_FORCE_UNWIND))
		return _URC_CONTINUE_UNWIND;
	if (actions & _UA_SEARCH_PHASE)
		return is_caught(thrown) ? _URC_HANDLER_FOUND : _URC_CONTINUE_UNWIND;
	if (!(actions & _UA_HANDLER_FRAME))
		return _URC_CONTINUE_UNWIND;
	_Unwind_SetGR(context, WEFT_ARCH_DWARF_ENTRY, (uintptr_t)threw);
	_Unwind_SetGR(context, WEFT_ARCH_DWARF_ARGUMENT, (uintptr_t)thrown);
	_Unwind_SetIP(context, (uintptr_t)weft__arch_enter);
	return _URC_INSTALL_CONTEXT;
}

#endif
