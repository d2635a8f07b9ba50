/* SPDX-License-Identifier: MIT */
/* The scheduler's capacities and periods: their defaults. */
#include "src/sched/tune.h"

struct weft__tune weft__tune = {
	.ring_initial = 256,
	.ring_max = 1u << 24,
	.fair_period = 64,
	.age_period = 256,
	.spin_ns = 50000,
	.carry_ns = 10000,
	.poll_ns = 20000,
	.monitor_min_ns = 1000000,
	.monitor_max_ns = 10000000,
	.trim_ns = 5000000000,
	.uring_entries = 256,
	.uring_completions = 8192,
	.uring_batch = 32,
	.gather_row = 4,
	.gather_slack = 4,
	.gather_often_ns = 1000000,
	.spread_ns = 100000000,
	.spread_look_ns = 1000000,
	.spare_workers = 64,
};
