/* SPDX-License-Identifier: MIT */
/*
 * The harness: what a bench is, how it is run, and the rows that come of it.
 *
 * Every measurement (a bench, a model, a number of workers, a round) runs in a forked child: it starts with a clean
 * heap and an empty page table, may crash or hang without taking the suite along, and is confined to as many CPUs as it
 * has workers, whatever the model. Samples come back through shared memory. Rounds interleave the models (A B A B), so
 * that a machine that slows down slows all of them.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include "batch.h"
#include "model.h"

/* The part of a measurement that a body sees; in shared memory. */
struct run {
	struct batch batch;
	enum model_id model;
	unsigned workers;
	uint64_t size;	/* how many units: the bench's size for this model, or what a limit left of it */
	uint64_t asked; /* the former */
};

typedef void bench_body(struct run *);

enum bench_flag {
	BENCH_ONE_WORKER = 1, /* more workers make no difference */
	BENCH_TWO_CPUS = 2,   /* means nothing on one worker */
	BENCH_OUTSIDE = 4,    /* the body is called outside weft_run and enters it by itself (bench_enter) */
	BENCH_COLD = 8,	      /* each sample is a whole run in a process of its own: one sample a round */
	BENCH_ONCE = 16,      /* one round, because it takes long to set up */
	BENCH_ALL_ALIVE = 32, /* all units of the size are alive at once: as many as fit in memory */
	BENCH_RATE = 64	      /* the figure is millions of operations (Mops) or elements (Melem) a second */
};

struct bench {
	const char *rows[BATCH_ROWS]; /* names: one, or two figures of the same run */
	const char *units[BATCH_ROWS];
	const char *what;
	bench_body *body[MODELS]; /* NULL: makes no sense for that model */
	uint64_t size[MODELS];	  /* 0: has no size */
	bool size_is_n;		  /* it is no number of units, but the n of a formula */
	unsigned flags;
	unsigned per_unit; /* ops is a multiple of so many for each unit; 0: of 1 */
	bool fixed;	   /* all batches have this many ops */
};

/* One figure. n == 0: there is none, and the note says why. */
struct row {
	const char *bench, *model, *unit;
	unsigned workers;
	uint64_t size;
	struct batch_stats stats;
	char note[BATCH_NOTE];
};

struct rows {
	struct row *at;
	size_t count;
};

struct options {
	const char *only; /* comma-separated names, NULL: all */
	const char *json;
	const char *peers_dir;
	unsigned workers; /* 0: 1 and 2 */
	bool peers;
};

extern const char *const model_names[MODELS];

/* All benches, NULL-terminated, in the order in which they are run and shown. */
extern const struct bench *const bench_all[];

/* Was this row asked for? */
bool bench_wanted(const struct options *options, const char *row);

/* Run one bench with all its models, and its peers; append the rows. */
void bench_run(const struct bench *bench, const struct options *options, struct rows *rows);
struct row *rows_add(struct rows *rows);

/* round.c: measure once, into run, in a child. size: 0, or what a limit left of it in an earlier round. */
void round_run(const struct bench *bench, struct run *run, enum model_id model, unsigned workers, uint64_t size);

/* Handler of SIGINT and SIGTERM: the child is in a process group of its own. */
void round_interrupted(int sig);

/* Call body(run) in the world of the run's model: on a runtime of run->workers, or just so. */
void bench_enter(struct run *run, bench_body *body);

/* Spawn failed after `got` of run->size units: note it, and go on with what there is. False if that is too few. */
bool bench_shrink(struct run *run, uint64_t got, int error);

/* Say on stderr what is being done. */
void progress(const char *bench, const char *model, unsigned workers);
void progress_done(void);

/* peers.c: figures of other libraries, by their own programs. */
void peers_find(const struct options *options);
void peers_run(const struct bench *bench, const struct options *options, unsigned workers, struct rows *rows);
unsigned peers_count(void);
const char *peers_name(unsigned index);

/* table.c, json.c */
void table_print(const struct bench *bench, const struct rows *rows, size_t first);
void table_head(const struct options *options);
int json_write(const char *path, const struct rows *rows);

#endif
