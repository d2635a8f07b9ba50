/* SPDX-License-Identifier: MIT */
/* weft_spawn with each attribute, weft_exit, weft_self, names, detach. All of it for green and bound threads. */
#include "tests/support/support.h"

static const struct weft_attr *const kinds[] = { WEFT_GREEN, WEFT_BOUND };

static struct weft_attr attr_of(int kind)
{
	struct weft_attr attr = WEFT_ATTR_INIT;
	check_eq(weft_attr_set_kind(&attr, (enum weft_kind)kind), 0);
	return attr;
}

static void *same(void *arg)
{
	return arg;
}

static weft__noinline void leave(void *result)
{
	weft_exit(result);
}

static void *leave_from_a_call(void *arg)
{
	leave(arg);
	return NULL;
}

static void *self_as_result(void *arg)
{
	(void)arg;
	weft_t first = weft_self();
	weft_yield();
	check(weft_self() == first && first != WEFT_NONE);
	return (void *)(uintptr_t)first;
}

static void *results(void *arg)
{
	for (int kind = 0; kind < 2; kind++)
		for (intptr_t i = 0; i < rounds(200); i++) {
			check(join(spawn(kinds[kind], same, (void *)i)) == (void *)i);
			check(join(spawn(kinds[kind], leave_from_a_call, (void *)i)) == (void *)i);
			weft_t thread = spawn(kinds[kind], self_as_result, NULL);
			check((weft_t)(uintptr_t)join(thread) == thread);
		}
	return arg;
}

START_TEST(results_and_handles)
{
	ck_assert(weft_self() == WEFT_NONE);
	run(results, NULL);
}
END_TEST

static void *leave_main(void *arg)
{
	leave(arg);
	return NULL;
}

START_TEST(exit_of_the_first_thread)
{
	int here;
	ck_assert_ptr_eq(run(leave_main, &here), &here);
}
END_TEST

static void *refusals(void *arg)
{
	weft_t thread = 42;
	struct weft_attr odd = { { 200 } };
	check_eq(weft_spawn(&thread, NULL, NULL, NULL), -EINVAL);
	check_eq(weft_spawn(NULL, WEFT_BOUND, NULL, NULL), -EINVAL);
	check_eq(weft_spawn(&thread, &odd, same, NULL), -EINVAL);
	check_eq(thread, 42);
	check_eq(weft_name_set(NULL), -EINVAL);
	check_eq(weft_name_get(weft_self(), NULL, 8), -EINVAL);
	check_eq(weft_name_get(weft_self(), (char[8]){ 0 }, 0), -EINVAL);
	return arg;
}

START_TEST(errors)
{
	run(refusals, NULL);
}
END_TEST

static shared order;

static void *take_number(void *arg)
{
	*(uint64_t *)arg = add(order, 1);
	return NULL;
}

static void *in_order(void *arg)
{
	uint64_t child = 0;
	struct weft_attr queued = WEFT_ATTR_INIT;
	weft_attr_set_queued(&queued, true);
	weft_t thread = spawn(NULL, take_number, &child); /* runs at once */
	check_eq(child, 1);
	check_eq(add(order, 1), 2);
	join(thread);
	thread = spawn(&queued, take_number, &child); /* waits its turn */
	check_eq(add(order, 1), 3);
	join(thread);
	check_eq(child, 4);
	return arg;
}

START_TEST(queued_or_at_once)
{
	struct weft_config config = one_worker_alone();
	run_with(&config, in_order, NULL);
}
END_TEST

static void *check_name(void *arg)
{
	char name[16];
	check_eq(weft_name_get(weft_self(), name, sizeof name), 0);
	check(strcmp(name, arg ? (const char *)arg : "") == 0);
	check_eq(weft_name_set("something else that is long"), 0);
	check_eq(weft_name_get(weft_self(), name, sizeof name), 0);
	check(strcmp(name, "something else ") == 0);
	check_eq(weft_name_get(weft_self(), name, 5), 0);
	check(strcmp(name, "some") == 0);
	check_eq(weft_name_get(weft_self(), name, 1), 0);
	check(name[0] == 0);
	check_eq(weft_park(), 0);
	return NULL;
}

static void *name_all(void *arg)
{
	char name[16], carol[] = "carol";
	for (int i = 0; i < rounds(100); i++) {
		struct weft_attr attr = attr_of(i & 1);
		weft_t plain = spawn(kinds[i & 1], check_name, NULL);
		check_eq(weft_attr_set_name(&attr, carol), 0);
		weft_t named = spawn(&attr, check_name, carol);
		wait_until(weft_name_get(named, name, sizeof name) == 0 && strcmp(name, "something else ") == 0);
		weft_unpark(plain);
		weft_unpark(named);
		join(plain);
		join(named);
		check_eq(weft_name_get(named, name, sizeof name), -ESRCH);
		check_eq(weft_name_get(plain, name, sizeof name), -ESRCH);
	}
	return arg;
}

START_TEST(names)
{
	char name[16];
	ck_assert_int_eq(weft_name_set("x"), -EPERM);
	ck_assert_int_eq(weft_name_get(WEFT_NONE, name, sizeof name), -ESRCH);
	run(name_all, NULL);
}
END_TEST

static shared ended;

static void *end_later(void *arg)
{
	if (arg)
		weft_park();
	add(ended, 1);
	return NULL;
}

static void *detach_all(void *arg)
{
	uint64_t n = 0;
	for (int i = 0; i < rounds(1000); i++) {
		struct weft_attr attr = attr_of(i & 1);
		weft_t thread = spawn(&attr, end_later, i & 2 ? arg : NULL);
		check_eq(weft_detach(thread), 0); /* running, ending or ended */
		int again = weft_detach(thread);
		check(again == -EINVAL || again == -ESRCH);
		if (i & 2) {
			check_eq(again, -EINVAL);
			check_eq(weft_join(thread, NULL), -EINVAL);
			check_eq(weft_unpark(thread), 0);
		}
		weft_attr_set_detached(&attr, true);
		check_eq(weft_spawn(NULL, &attr, end_later, NULL), 0);
		check_eq(weft_spawn(&thread, &attr, end_later, arg), 0);
		check_eq(weft_join(thread, NULL), -EINVAL);
		check_eq(weft_unpark(thread), 0);
		n += 3;
		wait_until(get(ended) + 64 > n);
	}
	wait_until(get(ended) == n);
	return arg;
}

START_TEST(detached)
{
	int here;
	run(detach_all, &here);
}
END_TEST

static void *deep(void *arg)
{
	volatile char frame[600 << 10];
	frame[0] = frame[sizeof frame - 1] = 1;
	return frame[0] == 1 ? arg : NULL;
}

static void *big_stacks(void *arg)
{
	for (int i = 0; i < 20; i++) {
		struct weft_attr attr = attr_of(i & 1);
		check_eq(weft_attr_set_stack_size(&attr, 1 << 20), 0);
		check(join(spawn(&attr, deep, arg)) == arg);
	}
	return deep(arg);
}

START_TEST(stack_sizes)
{
	int here;
	struct weft_config config = WEFT_CONFIG_INIT;
	weft_config_set_stack_size(&config, 1000000);
	ck_assert_ptr_eq(run_with(&config, big_stacks, &here), &here);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { results_and_handles,
				       exit_of_the_first_thread,
				       errors,
				       queued_or_at_once,
				       names,
				       detached,
				       stack_sizes,
				       NULL };
	return run_tests("system/spawn", tests);
}
