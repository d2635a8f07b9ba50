/* SPDX-License-Identifier: MIT */
/* What the benches ask of Linux: CPUs, shared memory, memory in use, and what the machine is. */
#ifndef BENCH_SYSTEM_H
#define BENCH_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many CPUs this process may run on, as it was when the program started. */
unsigned system_cpus(void);

/* Is it one of them? */
bool system_has_cpu(unsigned cpu);

/* Only these of them, by a list such as "0-3,6": before anything else here. False: that is no list, or one of them is not there. */
bool system_allow(const char *list);

/* Let the calling kernel thread, and what it creates, run on the first `count` of these CPUs only. */
void system_pin_first(unsigned count);

/* ... on the index-th of them only. */
void system_pin_to(unsigned index);

/* Memory that was got, or the end of the program, which says that there is none. */
void *system_must(void *memory);

/* Zeroed memory that forked children share; NULL if there is none. */
void *system_shared(size_t size);
void system_unshare(void *memory, size_t size);

/* Resident bytes of this process, without those of files, which the kernel maps in larger pieces than are touched; exact, unlike those
 * of /proc/self/statm. */
uint64_t system_resident(void);

/* Proportional resident bytes of another process; 0 if unknown. */
uint64_t system_resident_of(int pid);

/* The kernel's own memory, of the whole machine: kernel stacks and unreclaimable slabs, without page tables. */
uint64_t system_kernel_bytes(void);

/* Bytes that could be had without swapping, in this machine and this cgroup. */
uint64_t system_available(void);

/* How many more processes and threads there may be, some left for others, and by which limit; static memory. */
uint64_t system_tasks_left(const char **limit);

/* Bytes of page tables of another process, or of this one: 0. */
uint64_t system_tables_of(int pid);

/* CPU time in ns of this process and of the children it has waited for. */
uint64_t system_cpu_time(void);

/* A line for people: model of the CPU. Static memory. */
const char *system_cpu_model(void);

#endif
