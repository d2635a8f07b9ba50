/* SPDX-License-Identifier: MIT */
/*
 * What an exception is, by the Itanium C++ ABI as libstdc++ has it. Weft is C and links with no C++ library: what it needs of
 * one it finds only in a program that has one anyway, and it names nothing but the class of exceptions where it has not.
 */
#include "src/crash/exception.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#define GNU_CXX 0x474e5543432b2b00u /* "GNUCC++\0"; in the last byte 1: one that stands for another */

struct type_info {
	void *const *functions;
	const char *name; /* a "*" in front says something about comparing it */
};

/* Before the unwinder's part, and behind the object's type. Only what is needed here has a name. */
struct header {
	union {
		const struct type_info *type;
		void *primary; /* the object of the one that this stands for */
	};
	void *others[9];
	struct _Unwind_Exception unwind;
};
_Static_assert(sizeof(void *) != 8 || offsetof(struct header, unwind) == 80, "__cxa_exception");

extern const struct type_info std_exception __asm__("_ZTISt9exception") __attribute__((weak));
extern char *__cxa_demangle(const char *name, char *buffer, size_t *size, int *status) __attribute__((weak));
extern void *__cxa_begin_catch(void *thrown) __attribute__((weak));
extern void __cxa_end_catch(void) __attribute__((weak));
#pragma weak _Unwind_DeleteException

static void append(char *text, size_t size, const char *more)
{
	size_t n = strlen(text);
	strncpy(text + n, more, size - n - 1);
	text[size - 1] = 0;
}

/* If it is a std::exception, as which a pointer to it may have to be another one: what() it says. */
static const char *what(const struct type_info *type, void *object)
{
	enum { DO_CATCH = 4, WHAT = 2 }; /* in the tables of virtual functions */
	typedef bool do_catch(const struct type_info *self, const struct type_info *thrown, void **object,
			      unsigned outer);
	typedef const char *say(const void *self);
	const struct type_info *base = &std_exception;
	if (!base || !((do_catch *)base->functions[DO_CATCH])(base, type, &object, 1))
		return NULL;
	void *const *functions = *(void *const *const *)object;
	return ((say *)functions[WHAT])(object);
}

static void append_type(char *text, size_t size, const struct type_info *type)
{
	const char *name = type->name + (type->name[0] == '*');
	char *plain = __cxa_demangle ? __cxa_demangle(name, NULL, NULL, NULL) : NULL;
	append(text, size, plain ? plain : name);
	free(plain);
}

void weft__exception_describe(struct _Unwind_Exception *thrown, char *text, size_t size)
{
	text[0] = 0;
	if ((thrown->exception_class & ~(uint64_t)1) != GNU_CXX) {
		append(text, size, "of another language than C++");
		return;
	}
	struct header *header = (struct header *)(void *)((char *)thrown - offsetof(struct header, unwind));
	void *object = thrown + 1;
	if (thrown->exception_class & 1) {
		object = header->primary;
		header = (struct header *)object - 1;
	}
	append_type(text, size, header->type);
	const char *said = what(header->type, object);
	if (said) {
		append(text, size, ": ");
		append(text, size, said);
	}
}

void weft__exception_drop(struct _Unwind_Exception *thrown)
{
	if (__cxa_begin_catch && (thrown->exception_class & ~(uint64_t)1) == GNU_CXX) {
		__cxa_begin_catch(thrown);
		__cxa_end_catch();
	} else {
		_Unwind_DeleteException(thrown);
	}
}
