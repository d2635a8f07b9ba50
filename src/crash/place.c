/* SPDX-License-Identifier: MIT */
/*
 * Weft's own code is where own_text.h has noted it: some hundred pieces, which a linker puts side by side, so that a few
 * ranges are left of them. With link-time optimization there are no notes; then all of the object that weft is in counts
 * as weft: right for libweft.so, and for a static program it means that nothing is the user's.
 *
 * The system's are whole objects: those that have malloc, free, the C library, the dynamic linker, the vdso, the unwinder
 * and the C++ library in them, found by addresses when the runtime starts, and by their names if they came later. A
 * program that is linked with a static C library, or has a malloc of its own in itself, is one of them, all of it.
 */
#include "src/crash/place.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "arch/arch.h"
#include "src/base/panic.h"
#include "src/sched/park.h"
#include "src/sched/sanitize.h"

#ifdef HAVE__DL_FIND_OBJECT

enum { RANGES = 32, SYSTEM = 12, NEAR = 256 /* bytes between two pieces: padding, a sanitizer's constructors */ };

struct range {
	uintptr_t from, to;
};

/* Written by weft__place_learn alone, before any thread runs. */
static struct range own[RANGES], system_objects[SYSTEM];
static unsigned owns, systems;
static bool noted;

extern const int32_t __start_weft_texts[] __attribute__((weak, visibility("hidden")));
extern const int32_t __stop_weft_texts[] __attribute__((weak, visibility("hidden")));

static bool is_in(const struct range *ranges, unsigned n, uintptr_t pc)
{
	for (unsigned i = 0; i < n; i++)
		if (pc - ranges[i].from < ranges[i].to - ranges[i].from)
			return true;
	return false;
}

/* --- weft's own --- */

/* Add a range, grown by those that it touches: these are taken out. */
static void add_own(struct range r)
{
	for (unsigned i = 0; i < owns; i++)
		if (r.from <= own[i].to + NEAR && own[i].from <= r.to + NEAR) {
			r.from = r.from < own[i].from ? r.from : own[i].from;
			r.to = r.to > own[i].to ? r.to : own[i].to;
			own[i--] = own[--owns];
		}
	if (owns < RANGES)
		own[owns++] = r;
	else
		noted = false;
}

static void add_notes(void)
{
	noted = &__start_weft_texts[0] != &__stop_weft_texts[0];
	for (const int32_t *n = __start_weft_texts; n < __stop_weft_texts; n += 2) {
		struct range r = { (uintptr_t)&n[0] + (uintptr_t)n[0], (uintptr_t)&n[1] + (uintptr_t)n[1] };
		if (r.from < r.to)
			add_own(r);
	}
}

/* Some of weft's functions, hot, cold and in assembly: a compiler may have put them where the notes do not say. */
static bool notes_are_right(void)
{
	const uintptr_t some[] = { (uintptr_t)weft__join, (uintptr_t)weft__panic, (uintptr_t)weft__arch_switch,
				   (uintptr_t)weft__place_of, (uintptr_t)add_notes };
	for (unsigned i = 0; i < sizeof some / sizeof *some; i++)
		if (!is_in(own, owns, some[i]))
			return false;
	return true;
}

/* --- the system's --- */

static bool find_range(const void *address, struct range *range)
{
	struct dl_find_object object;
	if (!address || _dl_find_object((void *)(uintptr_t)address, &object))
		return false;
	*range = (struct range){ (uintptr_t)object.dlfo_map_start, (uintptr_t)object.dlfo_map_end };
	return true;
}

static void add_system(const void *address)
{
	struct range range;
	bool sanitizer = WEFT__ASAN || WEFT__TSAN; /* whose malloc is in the program, as all of it */
	if (!find_range(address, &range) || is_in(system_objects, systems, range.from) || systems == SYSTEM)
		return;
	if (sanitizer && is_in(&range, 1, (uintptr_t)weft__place_of))
		return;
	system_objects[systems++] = range;
}

extern void __cxa_throw(void) __attribute__((weak));
extern void _Unwind_RaiseException(void) __attribute__((weak));

static void add_systems(void)
{
	/* Relocated data: in code of a program without PIE these might be the addresses of its own stubs. */
	static void (*volatile functions[])(void) = {
		(void (*)(void))malloc,	 (void (*)(void))free, (void (*)(void))qsort,  (void (*)(void))pthread_create,
		(void (*)(void))dlclose, __cxa_throw,	       _Unwind_RaiseException,
	};
	for (unsigned i = 0; i < sizeof functions / sizeof *functions; i++)
		add_system((const void *)(uintptr_t)functions[i]);
	add_system(stdout);
	add_system((const void *)getauxval(AT_BASE));
	add_system((const void *)getauxval(AT_SYSINFO_EHDR));
}

/* Those that may come later, with a plugin, or that nothing above has found. */
static bool has_system_name(const struct dl_find_object *object)
{
	static const char *const names[] = { "libc.",	    "libc-",	  "ld-",     "ld.",	  "linux-vdso",
					     "linux-gate",  "libpthread", "libdl.",  "libstdc++", "libc++",
					     "libgcc_s",    "libunwind",  "libasan", "libtsan",	  "libjemalloc",
					     "libtcmalloc", "libmimalloc" };
	const char *path = object->dlfo_link_map ? object->dlfo_link_map->l_name : NULL;
	if (!path)
		return false;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* --- --- */

void weft__place_learn(void)
{
	owns = systems = 0;
	add_notes();
	struct range mine;
	if (noted && !notes_are_right())
		noted = false;
	if (!noted && find_range((const void *)(uintptr_t)weft__place_of, &mine)) {
		owns = 1;
		own[0] = mine;
	}
	add_systems();
}

bool weft__place_known(void)
{
	return owns > 0;
}

enum weft__place weft__place_of(uintptr_t pc)
{
	struct dl_find_object object;
	if (is_in(own, owns, pc))
		return WEFT__PLACE_WEFT;
	if (is_in(system_objects, systems, pc))
		return WEFT__PLACE_SYSTEM;
	if (_dl_find_object((void *)pc, &object))
		return WEFT__PLACE_NOWHERE;
	return has_system_name(&object) ? WEFT__PLACE_SYSTEM : WEFT__PLACE_USER;
}

#else

void weft__place_learn(void)
{
}

bool weft__place_known(void)
{
	return false;
}

enum weft__place weft__place_of(uintptr_t pc)
{
	(void)pc;
	return WEFT__PLACE_NOWHERE;
}

#endif
