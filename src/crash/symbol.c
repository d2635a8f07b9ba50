/* SPDX-License-Identifier: MIT */
/*
 * From an address to the function, by the symbol table in the object's file.
 *
 * Not by dladdr. It takes the dynamic linker's dl_load_lock (glibc 2.36, _dl_addr): a recursive lock, so that a crash
 * inside dlopen does not hang in it, but one that another thread may hold for as long as the constructors of a library
 * take, and these may be waiting for the very thread that has crashed. And it knows only what is exported: nothing of a
 * program that was not linked with -rdynamic. The object is found without a lock (_dl_find_object), and the table in
 * the file has its static functions too, unless it was stripped: then what is exported is what there is.
 *
 * The file is read piece by piece onto the stack, never mapped: one that is cut short while we look at it is no SIGBUS.
 */
#include "src/crash/symbol.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE__DL_FIND_OBJECT

#define THIS_PROGRAM "/proc/self/exe"

typedef ElfW(Shdr) section;
typedef ElfW(Sym) symbol_entry;

struct table {
	section symbols, names;
};

static bool read_at(int fd, uint64_t offset, void *data, size_t size)
{
	return pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

/* The fuller table if there is one, else the one of the dynamic linker. */
static bool find_table(int fd, struct table *table)
{
	ElfW(Ehdr) header;
	section s;
	table->symbols.sh_type = SHT_NULL;
	if (!read_at(fd, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_shentsize != sizeof s)
		return false;
	for (unsigned i = 0; i < header.e_shnum && table->symbols.sh_type != SHT_SYMTAB; i++)
		if (read_at(fd, header.e_shoff + i * sizeof s, &s, sizeof s) &&
		    (s.sh_type == SHT_SYMTAB || s.sh_type == SHT_DYNSYM))
			table->symbols = s;
	return table->symbols.sh_type != SHT_NULL &&
	       read_at(fd, header.e_shoff + table->symbols.sh_link * sizeof s, &table->names, sizeof s);
}

static bool covers(const symbol_entry *entry, uintptr_t address)
{
	const unsigned type = entry->st_info & 0xf;
	return (type == STT_FUNC || type == STT_GNU_IFUNC) && entry->st_shndx != SHN_UNDEF &&
	       address - entry->st_value < entry->st_size;
}

/* The function that an address of the file lies in. */
static bool find_function(int fd, const struct table *table, uintptr_t address, symbol_entry *found)
{
	symbol_entry some[64];
	const uint64_t end = table->symbols.sh_offset + table->symbols.sh_size;
	for (uint64_t at = table->symbols.sh_offset; at < end; at += sizeof some) {
		ssize_t n = pread(fd, some, at + sizeof some < end ? sizeof some : end - at, (off_t)at);
		for (ssize_t i = 0; i < n / (ssize_t)sizeof *some; i++)
			if (covers(&some[i], address)) {
				*found = some[i];
				return true;
			}
		if (n <= 0)
			return false;
	}
	return false;
}

static void find_name(int fd, uintptr_t base, struct weft__symbol *symbol)
{
	struct table table;
	symbol_entry found;
	if (!find_table(fd, &table) || !find_function(fd, &table, symbol->in_object, &found))
		return;
	symbol->from = base + found.st_value;
	/* Names end in 0 and are followed by others, the last one by the rest of the file: a short read is well. */
	ssize_t n = pread(fd, symbol->function, sizeof symbol->function - 1,
			  (off_t)(table.names.sh_offset + found.st_name));
	symbol->function[n > 0 ? n : 0] = 0;
}

/* The file that an object was loaded from, as can be opened; the program's own has no name in the list of objects. */
static const char *name_object(const struct link_map *map, struct weft__symbol *symbol)
{
	const size_t room = sizeof symbol->object - 1;
	if (map->l_name && map->l_name[0]) {
		strncpy(symbol->object, map->l_name, room);
		return map->l_name;
	}
	ssize_t n = readlink(THIS_PROGRAM, symbol->object, room);
	symbol->object[n > 0 ? n : 0] = 0;
	return THIS_PROGRAM;
}

bool weft__symbol_find(const void *address, struct weft__symbol *symbol)
{
	struct dl_find_object object;
	memset(symbol, 0, sizeof *symbol);
	if (_dl_find_object((void *)(uintptr_t)address, &object) || !object.dlfo_link_map)
		return false;
	const uintptr_t base = object.dlfo_link_map->l_addr;
	symbol->in_object = (uintptr_t)address - base;
	const char *path = name_object(object.dlfo_link_map, symbol);
	int fd = strchr(path, '/') ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1; /* the vdso is no file */
	if (fd >= 0) {
		find_name(fd, base, symbol);
		close(fd);
	}
	return true;
}

#else

bool weft__symbol_find(const void *address, struct weft__symbol *symbol)
{
	(void)address, (void)symbol;
	return false;
}

#endif
