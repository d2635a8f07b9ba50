/* SPDX-License-Identifier: MIT */
/*
 * .eh_frame by way of .eh_frame_hdr, the sorted index that every linker makes for exceptions; the Linux Standard Base
 * describes both. The object is found by glibc's _dl_find_object, made for unwinders: it takes no lock, so it does not
 * matter what the crashed thread, or any other, was doing in the dynamic linker.
 *
 * The tables are in memory that is not writable, so they are believed. Nothing is read beyond the end that an entry
 * gives itself, and nothing goes on for ever. A static program has the index only if it was linked with --eh-frame-hdr,
 * as `pkg-config --static --libs weft` says; without it no frame is found.
 */
#include "src/unwind/table.h"

#include <dlfcn.h>
#include <string.h>

#include "src/unwind/unwind.h"

#if WEFT__UNWIND

/* How a pointer is encoded: a form, and what it is relative to. */
enum {
	FORM = 0x0f,
	RELATIVE = 0x70,
	TO_NOTHING = 0x00,
	TO_ITSELF = 0x10,
	COUNT_FORM = 0x03, /* of what the index counts and contains: any linker's choice */
	INDEX_FORM = 0x3b,
};

struct header {
	uint8_t version, frame_form, count_form, index_form;
	int32_t frame;
	uint32_t count;
	struct {
		int32_t start, entry; /* from the header */
	} index[];
};

/* Where the entry of the last function that begins at or below pc is; NULL if there is none. */
static const uint8_t *search(const struct header *header, uintptr_t pc)
{
	const int64_t wanted = (int64_t)(pc - (uintptr_t)header);
	size_t low = 0, high = header->count; /* index[low].start <= wanted < index[high].start */
	if (header->version != 1 || header->count_form != COUNT_FORM || header->index_form != INDEX_FORM || !high)
		return NULL;
	if (wanted < header->index[0].start)
		return NULL;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (header->index[middle].start <= wanted)
			low = middle;
		else
			high = middle;
	}
	return (const uint8_t *)header + header->index[low].entry;
}

static uint64_t read_form(struct weft__bytes *b, uint8_t form)
{
	const unsigned size =
		1u << ((form + 3) & 3); /* forms 2, 3 and 4: two, four and eight bytes; a, b, c with a sign */
	switch (form & FORM) {
	case 0x00: /* an address */
		return weft__bytes_u(b, sizeof(uintptr_t));
	case 0x01:
		return weft__bytes_uleb(b);
	case 0x09:
		return (uint64_t)weft__bytes_sleb(b);
	default:
		return form & 0x08 ? (uint64_t)weft__bytes_s(b, size) : weft__bytes_u(b, size);
	}
}

static uintptr_t read_pointer(struct weft__bytes *b, uint8_t form)
{
	uintptr_t self = (uintptr_t)b->at, value = (uintptr_t)read_form(b, form);
	return (form & RELATIVE) == TO_ITSELF ? value + self : value;
}

/* What follows the length of the entry at `at`. */
static struct weft__bytes body(const uint8_t *at)
{
	struct weft__bytes length = { at, at + 4 };
	return (struct weft__bytes){ at + 4, at + 4 + weft__bytes_u(&length, 4) };
}

/* The letters of a CIE say what is in its augmentation. Returns the form of the FDE's addresses. */
static uint8_t read_augmentation(struct weft__bytes data, const char *letter, bool *signal_frame)
{
	uint8_t form = 0;
	for (; *letter; letter++)
		switch (*letter) {
		case 'R':
			form = (uint8_t)weft__bytes_u(&data, 1);
			break;
		case 'P': /* the personality */
			read_form(&data, (uint8_t)weft__bytes_u(&data, 1));
			break;
		case 'L': /* the form of language data */
			weft__bytes_u(&data, 1);
			break;
		case 'S':
			*signal_frame = true;
			break;
		}
	return form;
}

static bool read_common(struct weft__bytes cie, struct weft__unwind_entry *entry, uint8_t *form)
{
	weft__bytes_u(&cie, 4); /* 0: a CIE */
	uint64_t version = weft__bytes_u(&cie, 1);
	const char *letters = (const char *)cie.at;
	weft__bytes_take(&cie, strnlen(letters, weft__bytes_left(&cie)) + 1);
	entry->code_align = weft__bytes_uleb(&cie);
	entry->data_align = weft__bytes_sleb(&cie);
	entry->return_column = version == 1 ? weft__bytes_u(&cie, 1) : weft__bytes_uleb(&cie);
	entry->signal_frame = false;
	if ((version != 1 && version != 3) || letters[0] != 'z' || !weft__bytes_left(&cie))
		return false;
	uint64_t size = weft__bytes_uleb(&cie);
	*form = read_augmentation(weft__bytes_take(&cie, size), letters + 1, &entry->signal_frame);
	entry->common = cie;
	return true;
}

static bool read_entry(const uint8_t *at, struct weft__unwind_entry *entry)
{
	uint8_t form;
	struct weft__bytes fde = body(at);
	const uint8_t *here = fde.at;
	uint64_t back = weft__bytes_u(&fde, 4); /* to the CIE */
	if (!read_common(body(here - back), entry, &form))
		return false;
	entry->start = read_pointer(&fde, form);
	entry->end = entry->start + (uintptr_t)read_form(&fde, form);
	uint64_t size = weft__bytes_uleb(&fde);
	weft__bytes_take(&fde, size); /* language data */
	entry->program = fde;
	return true;
}

bool weft__unwind_find(uintptr_t pc, struct weft__unwind_entry *entry)
{
	struct dl_find_object object;
	if (_dl_find_object((void *)pc, &object) || !object.dlfo_eh_frame)
		return false;
	const uint8_t *at = search(object.dlfo_eh_frame, pc);
	return at && read_entry(at, entry) && entry->start <= pc && pc < entry->end;
}

#endif
