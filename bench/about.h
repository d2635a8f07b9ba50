/* SPDX-License-Identifier: MIT */
/* Where and how figures were taken. */
#ifndef BENCH_ABOUT_H
#define BENCH_ABOUT_H

#include <stddef.h>

#include "noise.h"

struct about {
	char machine[64], cpu[128], kernel[192], compiler[128], version[64], arch[32], commit[64], date[32], effort[16];
	char peers[256]; /* and their versions */
	unsigned cpus;
	double seconds;	 /* that it took */
	double clock_ns; /* taken off each batch */
	double pace;	 /* at which the CPU has all figures (rows_settle); 0: as it was in each */
	uint64_t seed;
	struct noise noise; /* over all of it */
};

/* Here and now; the rest is for who knows. */
void about_here(struct about *about);

/* Each text, with its name, to be written or read. */
#define ABOUT_TEXTS 10
struct about_text {
	const char *name;
	char *text;
	size_t size;
};
void about_texts(struct about *about, struct about_text texts[ABOUT_TEXTS]);

#endif
