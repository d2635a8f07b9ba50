# SPDX-License-Identifier: MIT
# The man pages, installed, and what is read in the source tree.
dist_man_MANS += \
	docs/man/weft-bench.1 \
	docs/man/weft.7 \
	docs/man/weft_attr_bound.3 \
	docs/man/weft_attr_set_detached.3 \
	docs/man/weft_attr_set_kind.3 \
	docs/man/weft_attr_set_name.3 \
	docs/man/weft_attr_set_queued.3 \
	docs/man/weft_attr_set_stack_size.3 \
	docs/man/weft_attr_set_worker.3 \
	docs/man/weft_barrier_wait.3 \
	docs/man/weft_cond_broadcast.3 \
	docs/man/weft_cond_signal.3 \
	docs/man/weft_cond_wait.3 \
	docs/man/weft_cond_wait_timeout.3 \
	docs/man/weft_config_set_crash_report.3 \
	docs/man/weft_config_set_fp_control.3 \
	docs/man/weft_config_set_seed.3 \
	docs/man/weft_config_set_stack_size.3 \
	docs/man/weft_config_set_workers.3 \
	docs/man/weft_detach.3 \
	docs/man/weft_event_reset.3 \
	docs/man/weft_event_set.3 \
	docs/man/weft_event_wait.3 \
	docs/man/weft_event_wait_timeout.3 \
	docs/man/weft_exit.3 \
	docs/man/weft_join.3 \
	docs/man/weft_join_timeout.3 \
	docs/man/weft_mutex_lock.3 \
	docs/man/weft_mutex_lock_timeout.3 \
	docs/man/weft_mutex_trylock.3 \
	docs/man/weft_mutex_unlock.3 \
	docs/man/weft_name_get.3 \
	docs/man/weft_name_set.3 \
	docs/man/weft_now.3 \
	docs/man/weft_once.3 \
	docs/man/weft_park.3 \
	docs/man/weft_park_timeout.3 \
	docs/man/weft_run.3 \
	docs/man/weft_rwlock_rdlock.3 \
	docs/man/weft_rwlock_rdlock_timeout.3 \
	docs/man/weft_rwlock_unlock.3 \
	docs/man/weft_rwlock_wrlock.3 \
	docs/man/weft_rwlock_wrlock_timeout.3 \
	docs/man/weft_self.3 \
	docs/man/weft_sem_acquire.3 \
	docs/man/weft_sem_acquire_timeout.3 \
	docs/man/weft_sem_release.3 \
	docs/man/weft_sem_tryacquire.3 \
	docs/man/weft_sleep.3 \
	docs/man/weft_sleep_until.3 \
	docs/man/weft_spawn.3 \
	docs/man/weft_start.3 \
	docs/man/weft_stop.3 \
	docs/man/weft_unpark.3 \
	docs/man/weft_version.3 \
	docs/man/weft_waitgroup_add.3 \
	docs/man/weft_waitgroup_done.3 \
	docs/man/weft_waitgroup_wait.3 \
	docs/man/weft_waitgroup_wait_timeout.3 \
	docs/man/weft_workers.3 \
	docs/man/weft_yield.3

EXTRA_DIST += \
	docs/design.md \
	docs/examples/embed.c \
	docs/examples/hello.c \
	docs/examples/parallel_sum.c \
	docs/examples/pingpong.c \
	docs/examples/sleepers.c \
	docs/examples/worker_pool.c \
	docs/memory-model.md \
	docs/porting.md \
	docs/tls.md
