/* SPDX-License-Identifier: MIT */
/* The questions that people come with, and the figures that answer each. */
#ifndef BENCH_QUESTION_H
#define BENCH_QUESTION_H

#include "harness.h"

struct question {
	const char *id, *title, *text;
	const char *const *figures; /* NULL-terminated; NULL: those that no other question has */
};

/* Ended by one without a title. */
extern const struct question questions[];

/* Does the question have this bench? */
bool question_has(const struct question *question, const struct bench *bench);

#endif
