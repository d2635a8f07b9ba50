/* SPDX-License-Identifier: MIT */
/* All benches, in the order in which they are run and shown. A new bench adds two lines here. */
#include "harness.h"

extern const struct bench bench_loop, bench_call, bench_syscall_, bench_clock_;
extern const struct bench bench_switch_raw, bench_switch_raw_nofp;
extern const struct bench bench_yield_2, bench_yield_1000, bench_yield_100000;
extern const struct bench bench_switch_0, bench_switch_32k, bench_switch_256k, bench_switch_2m;
extern const struct bench bench_create, bench_create_1000, bench_create_many, bench_create_1m_alive;
extern const struct bench bench_create_64mb, bench_create_1gb;
extern const struct bench bench_pingpong, bench_pingpong_across;
extern const struct bench bench_mutex, bench_mutex_1000, bench_mutex_yield_1000, bench_sem, bench_condvar;
extern const struct bench bench_chan, bench_chan_across, bench_chan_stream, bench_chan_stream_across;
extern const struct bench bench_chan_stream_2;
extern const struct bench bench_select_2, bench_select_16;
extern const struct bench bench_pipe, bench_socketpair, bench_mq, bench_shm_futex;
extern const struct bench bench_copy_8, bench_copy_1k, bench_copy_32k, bench_copy_1m;
extern const struct bench bench_pipe_8, bench_pipe_1k, bench_pipe_32k, bench_pipe_1m;
extern const struct bench bench_socket_8, bench_socket_1k, bench_socket_32k, bench_socket_1m, bench_queue_8,
	bench_queue_1k;
extern const struct bench bench_echo_1, bench_echo_50, bench_echo_500, bench_echo_2000, bench_echo_9000;
extern const struct bench bench_churn, bench_http_100, bench_http_1000, bench_idle_bytes, bench_hog_p99;
extern const struct bench bench_read_cached, bench_read_uncached;
extern const struct bench bench_timer, bench_timer_wait;
extern const struct bench bench_scope_10, bench_cancel, bench_cancel_scope, bench_local;
extern const struct bench bench_fib, bench_skynet;
extern const struct bench bench_scale_cpu, bench_scale_fan, bench_scale_io;
extern const struct bench bench_request_each, bench_request_pool;
extern const struct bench bench_memory_1, bench_memory_1k, bench_memory_30k, bench_memory_1m;
extern const struct bench bench_sleepers;
extern const struct bench bench_crash_null, bench_crash_jump, bench_crash_overflow, bench_crash_divide;
extern const struct bench bench_crash_abort, bench_crash_loop, bench_crash_scribble, bench_crash_exit;
extern const struct bench bench_crash_service, bench_crash_service_1000, bench_crash_service_100;

/* clang-format off */
const struct bench *const bench_all[] = {
	&bench_loop, &bench_call, &bench_syscall_, &bench_clock_,
	&bench_switch_raw, &bench_switch_raw_nofp,
	&bench_yield_2, &bench_yield_1000, &bench_yield_100000,
	&bench_create, &bench_create_1000, &bench_create_many, &bench_create_1m_alive,
	&bench_create_64mb, &bench_create_1gb,
	&bench_pingpong, &bench_pingpong_across,
	&bench_switch_0, &bench_switch_32k, &bench_switch_256k, &bench_switch_2m,
	&bench_mutex, &bench_mutex_1000, &bench_mutex_yield_1000, &bench_sem, &bench_condvar,
	&bench_chan, &bench_chan_across, &bench_chan_stream, &bench_chan_stream_across, &bench_chan_stream_2,
	&bench_select_2, &bench_select_16,
	&bench_pipe, &bench_socketpair, &bench_mq, &bench_shm_futex,
	&bench_copy_8, &bench_copy_1k, &bench_copy_32k, &bench_copy_1m,
	&bench_pipe_8, &bench_pipe_1k, &bench_pipe_32k, &bench_pipe_1m,
	&bench_socket_8, &bench_socket_1k, &bench_socket_32k, &bench_socket_1m,
	&bench_queue_8, &bench_queue_1k,
	&bench_echo_1, &bench_echo_50, &bench_echo_500, &bench_echo_2000, &bench_echo_9000,
	&bench_churn, &bench_http_100, &bench_http_1000, &bench_idle_bytes, &bench_hog_p99,
	&bench_read_cached, &bench_read_uncached,
	&bench_timer, &bench_timer_wait,
	&bench_scope_10, &bench_cancel, &bench_cancel_scope, &bench_local,
	&bench_fib, &bench_skynet,
	&bench_scale_cpu, &bench_scale_fan, &bench_scale_io,
	&bench_request_each, &bench_request_pool,
	&bench_memory_1, &bench_memory_1k, &bench_memory_30k, &bench_memory_1m,
	&bench_sleepers,
	&bench_crash_null, &bench_crash_jump, &bench_crash_overflow, &bench_crash_divide,
	&bench_crash_abort, &bench_crash_loop, &bench_crash_scribble, &bench_crash_exit,
	&bench_crash_service, &bench_crash_service_1000, &bench_crash_service_100,
	NULL,
};
/* clang-format on */
