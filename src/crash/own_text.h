/* SPDX-License-Identifier: MIT */
/*
 * Included by the compiler, ahead of each source file of the library (libweft_la_CPPFLAGS in src/local.mk): it has the file
 * note from where to where its machine code is, in a section of the name weft_texts, whose begin and end any linker makes
 * known. So it can be told whether an address is in weft (src/crash/place.c), also where libweft.a was linked into a
 * program, whose code stands before and behind. Each entry is two numbers of 32 bits, relative to themselves.
 *
 * The end is marked in a subsection, which the assembler puts behind all that has lower numbers. With link-time
 * optimization, code is no longer where its file is, so there nothing is noted.
 */
#ifndef WEFT__LTO
#ifdef __ASSEMBLER__
/* clang-format off */
	.pushsection .text
771:
	.popsection
	.pushsection .text, 8000
772:
	.popsection
	.pushsection weft_texts, "a", %progbits
	.balign 4
	.long 771b - ., 772b - .
	.popsection
/* clang-format on */
#else
#define WEFT__NOTE_TEXT(section)                                                                                       \
	__asm__(section "\n771:\n.subsection 8000\n772:\n.subsection 0\n.text\n"                                       \
			".pushsection weft_texts, \"a\", %progbits\n"                                                  \
			".balign 4\n.long 771b - ., 772b - .\n.popsection")
WEFT__NOTE_TEXT(".text");
WEFT__NOTE_TEXT(".section .text.unlikely, \"ax\", %progbits");	/* what is cold: gcc */
WEFT__NOTE_TEXT(".section .text.unlikely., \"ax\", %progbits"); /* clang */
#endif
#endif
