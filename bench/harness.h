/* SPDX-License-Identifier: MIT */
/*
 * The harness: what a bench is, how it is run, and the rows that come of it.
 *
 * Every round of a measurement (a bench, a model, a number of workers: a cell) runs in a forked child: it starts with a
 * clean heap and an empty page table, may crash or hang without taking the suite along, and is confined to as many CPUs
 * as it has workers, whatever the model. Samples come back through shared memory. A round's figure is the median
 * of its batches; the row's figure is the median of the rounds' (estimate.h). Which rounds there are, and when: harness.c.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <signal.h>
#include <sys/types.h>

#include "batch.h"
#include "estimate.h"
#include "model.h"
#include "row.h"

#define WORKERS_MAX 256
#define COUNTS_MAX 8 /* numbers of workers in one run of the suite */

/* The part of a measurement that a body sees; in shared memory. */
struct run {
	struct batch batch;
	enum model_id model;
	unsigned workers;
	uint64_t size;	/* how many units: the bench's size for this model, or what a limit left of it */
	uint64_t asked; /* the former */
	bool full;	/* take the time that it takes */

	/* not the body's */
	unsigned limit_seconds;
	uint64_t preempted; /* involuntary context switches */
	double pace;	    /* batch_pace, before and after */
};

typedef void bench_body(struct run *);

enum bench_flag {
	BENCH_ONE_WORKER = 1, /* more workers make no difference */
	BENCH_TWO_CPUS = 2,   /* means nothing on one worker */
	BENCH_OUTSIDE = 4,    /* the body is called outside weft_run and enters it by itself (bench_enter) */
	BENCH_COLD = 8,	      /* each sample is a whole run in a process of its own: one sample a round */
	BENCH_ONCE = 16,      /* one round, because it takes long to set up */
	BENCH_ALL_ALIVE = 32, /* all units of the size are alive at once: as many as fit in memory */
	BENCH_RATE = 64,      /* the figure is millions of operations (Mops) or elements (Melem) a second */
	BENCH_SCALING = 128,  /* on 1, 2, 4 ... workers, up to twice as many as there are CPUs */
	BENCH_FULL = 256,     /* takes so long that only --full, or asking for it, runs it */
	BENCH_MANY_CPUS = 512 /* without --full, on the most workers only */
};

struct bench {
	const char *rows[BATCH_ROWS]; /* names: one, or some figures of the same run */
	const char *units[BATCH_ROWS];
	const char *what;
	const char *instead;	     /* what to call its one body, where that is no model */
	bench_body *body[MODELS];    /* NULL: makes no sense for that model */
	const char *without[MODELS]; /* why there is no body; NULL: nothing to say */
	uint64_t size[MODELS];	     /* 0: has no size */
	uint64_t quick_size[MODELS]; /* without --full; 0: the same */
	bool size_is_n;		     /* it is no number of units, but the n of a formula */
	unsigned flags;
	unsigned per_unit; /* ops is a multiple of so many for each unit; 0: of 1 */
	bool fixed;	   /* all batches have this many ops */
	unsigned waits;	   /* figures, a bit each, that are no time of the CPU: its pace does not count */
};

/* How long to measure. */
struct effort {
	const char *name;
	bool full;
	uint64_t total_ns; /* to be done by then, if there is a limit */
	uint64_t round_ns; /* of samples */
	uint64_t lap_ns;   /* what each is given in a lap, at the least */
	uint64_t long_ns;  /* what took longer is not repeated */
	unsigned rounds;   /* before an interval is looked at; peers have no more */
	unsigned rounds_most;
	double narrow;		/* an interval to be content with: half of it by the median */
	unsigned limit_seconds; /* a round, before it is killed */
};

struct options {
	const char *only; /* comma-separated names, NULL: all */
	const char *models;
	const char *json, *csv, *html, *compare, *from, *gate;
	const char *peers_dir;
	unsigned workers[COUNTS_MAX], counts; /* of workers; none: 1 and 2 */
	uint64_t seed;
	bool peers, gate_update;
	const struct effort *effort;
};

/* One model, on one number of workers: its rows as they grow. */
struct cell {
	enum model_id model;
	unsigned workers;
	uint64_t size; /* 0: what was asked for; else what a limit has left of it */
	bool failed;
	struct row *rows[BATCH_ROWS]; /* NULL: not asked for */
};

extern const char *const model_names[MODELS];

/* All benches, NULL-terminated, in the order in which they are run and shown. */
extern const struct bench *const bench_all[];

/* The bench that has this row, NULL if none has; which of its figures in the given unit that is. */
const struct bench *bench_of(const char *row);

/* Was this row asked for? Was this model? */
bool bench_wanted(const struct options *options, const char *row);
bool bench_any_wanted(const struct options *options, const struct bench *bench);
bool model_wanted(const struct options *options, const char *model);

/* harness.c: run all that was asked for, or until interrupted; append the rows. */
void bench_run_all(const struct options *options, struct rows *rows);

/* cell.c: make the cells of a bench, with their rows; each is the caller's to free. */
unsigned cells_make(const struct bench *bench, const struct options *options, struct cell **cells, struct rows *rows);
/* A round; false: it failed. */
bool cell_round(const struct bench *bench, struct cell *cell, struct run *run, const struct options *options);
bool cell_narrow(const struct cell *cell, double narrow);
unsigned cells_worker_counts(const struct bench *bench, const struct options *options, unsigned counts[COUNTS_MAX]);

/* round.c: what a measurement has in common with who asks for it: one for all. */
struct run *round_make(void);

/* Measure once, into run, in a child. */
void round_run(const struct bench *bench, struct run *run, const struct cell *cell, const struct effort *effort);

/* That child: weft-bench, executed by itself with this option and two words. Returns if they are none of its own. */
#define ROUND_OPTION "--round"
void round_main(const char *index, const char *fd);

/* SIGINT and SIGTERM end what is being measured, a process group of its own, and then the whole; the second time at once. */
extern volatile sig_atomic_t run_interrupted;
void round_interrupt(int sig);
void round_watch(pid_t child); /* 0: none */

/* Call body(run) in the world of the run's model: on a runtime of run->workers, or just so. */
void bench_enter(struct run *run, bench_body *body);

/* Spawn failed after `got` of run->size units: note it, and go on with what there is. False if that is too few. */
bool bench_shrink(struct run *run, uint64_t got, int error);

/* progress.c: say on stderr what is being done, and how far it is: a share of 0 to 1. */
void progress_begin(void);
void progress_lap(unsigned number);
void progress_share(double share);
void progress(const char *bench, const char *model, unsigned workers);
void progress_done(void);

/* peers.c: figures of other libraries, by their own programs. */
void peers_find(const struct options *options);
void peers_versions(char *text, size_t size); /* of those found, with commas */
/* A round of one of them; false: there was none, and a note may say why. */
bool peers_turn(const struct bench *bench, const struct options *options, unsigned index, unsigned workers,
		struct rows *rows);
bool peers_known(const char *name);
unsigned peers_count(void);
const char *peers_name(unsigned index);

#endif
