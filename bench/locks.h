/* SPDX-License-Identifier: MIT */
/*
 * A mutex, a semaphore and a condition variable in each of the three models: weft's own, those of pthreads, and those of
 * pthreads made to be shared by processes. All lie in memory from system_shared.
 */
#ifndef BENCH_LOCKS_H
#define BENCH_LOCKS_H

#include <semaphore.h>

#include "model.h"

union mutex {
	struct weft_mutex green;
	pthread_mutex_t kernel;
};

union cond {
	struct weft_cond green;
	pthread_cond_t kernel;
};

union semaphore {
	struct weft_sem green;
	sem_t kernel;
};

MODEL_INLINE int kernel_mutex_make(pthread_mutex_t *mutex, int shared)
{
	pthread_mutexattr_t attr;
	int error = pthread_mutexattr_init(&attr);

	if (!error)
		error = pthread_mutexattr_setpshared(&attr, shared);
	return error ? error : pthread_mutex_init(mutex, &attr);
}

MODEL_INLINE int kernel_cond_make(pthread_cond_t *cond, int shared)
{
	pthread_condattr_t attr;
	int error = pthread_condattr_init(&attr);

	if (!error)
		error = pthread_condattr_setpshared(&attr, shared);
	return error ? error : pthread_cond_init(cond, &attr);
}

MODEL_INLINE int shared_in(const struct model *m)
{
	return m->id == MODEL_FORK ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE;
}

/* True: made. The memory is zeroed, which is how weft's begin. */
MODEL_INLINE bool mutex_make(union mutex *mutex, const struct model *m)
{
	return model_is_weft(m) || kernel_mutex_make(&mutex->kernel, shared_in(m)) == 0;
}

MODEL_INLINE bool cond_make(union cond *cond, const struct model *m)
{
	return model_is_weft(m) || kernel_cond_make(&cond->kernel, shared_in(m)) == 0;
}

MODEL_INLINE bool semaphore_make(union semaphore *sem, const struct model *m)
{
	return model_is_weft(m) || sem_init(&sem->kernel, m->id == MODEL_FORK, 0) == 0;
}

/* Results are not looked at: that what they guard or count came out right is. */

MODEL_INLINE void mutex_lock(union mutex *mutex, const struct model *m)
{
	if (model_is_weft(m))
		(void)weft_mutex_lock(&mutex->green);
	else
		(void)pthread_mutex_lock(&mutex->kernel);
}

MODEL_INLINE void mutex_unlock(union mutex *mutex, const struct model *m)
{
	if (model_is_weft(m))
		(void)weft_mutex_unlock(&mutex->green);
	else
		(void)pthread_mutex_unlock(&mutex->kernel);
}

MODEL_INLINE void cond_wait(union cond *cond, union mutex *mutex, const struct model *m)
{
	if (model_is_weft(m))
		(void)weft_cond_wait(&cond->green, &mutex->green);
	else
		(void)pthread_cond_wait(&cond->kernel, &mutex->kernel);
}

MODEL_INLINE void cond_signal(union cond *cond, const struct model *m)
{
	if (model_is_weft(m))
		(void)weft_cond_signal(&cond->green);
	else
		(void)pthread_cond_signal(&cond->kernel);
}

MODEL_INLINE void semaphore_acquire(union semaphore *sem, const struct model *m)
{
	if (model_is_weft(m))
		(void)weft_sem_acquire(&sem->green);
	else
		while (sem_wait(&sem->kernel) != 0 && errno == EINTR)
			;
}

MODEL_INLINE void semaphore_release(union semaphore *sem, const struct model *m)
{
	if (model_is_weft(m))
		(void)weft_sem_release(&sem->green, 1);
	else
		(void)sem_post(&sem->kernel);
}

#endif
