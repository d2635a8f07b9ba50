/* SPDX-License-Identifier: MIT */
/* src/api/config.c: what each setter takes and refuses, and that a refusal changes nothing. */
#include "src/api/config.h"

#include "src/sched/attr.h"
#include "tests/support/support.h"

static const size_t good[] = { 0, 16384, 16385, 65536, 1 << 20, (size_t)1 << 30 };
static const size_t bad[] = { 1, 4096, 16383, ((size_t)1 << 30) + 1, SIZE_MAX, SIZE_MAX / 2 };

START_TEST(workers)
{
	struct weft_config config = WEFT_CONFIG_INIT, before;
	ck_assert_int_eq(weft_config_set_workers(&config, 256), 0);
	before = config;
	ck_assert_int_eq(weft_config_set_workers(&config, 257), -EINVAL);
	ck_assert_int_eq(weft_config_set_workers(&config, (unsigned)-1), -EINVAL);
	ck_assert_mem_eq(&config, &before, sizeof config);
	ck_assert_int_eq(weft_config_set_workers(&config, 0), 0);
	ck_assert_int_eq(weft_config_set_workers(NULL, 1), -EINVAL);
}
END_TEST

START_TEST(stack_sizes)
{
	struct weft_config config = WEFT_CONFIG_INIT, config_before;
	struct weft_attr attr = WEFT_ATTR_INIT, attr_before;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_int_eq(weft_config_set_stack_size(&config, good[i]), 0);
		ck_assert_int_eq(weft_attr_set_stack_size(&attr, good[i]), 0);
	}
	config_before = config;
	attr_before = attr;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(weft_config_set_stack_size(&config, bad[i]), -EINVAL);
		ck_assert_int_eq(weft_attr_set_stack_size(&attr, bad[i]), -EINVAL);
	}
	ck_assert_mem_eq(&config, &config_before, sizeof config);
	ck_assert_mem_eq(&attr, &attr_before, sizeof attr);
	ck_assert_int_eq(weft_config_set_stack_size(NULL, 0), -EINVAL);
	ck_assert_int_eq(weft_attr_set_stack_size(NULL, 0), -EINVAL);
}
END_TEST

START_TEST(flags)
{
	struct weft_config config = WEFT_CONFIG_INIT, zero = WEFT_CONFIG_INIT;
	ck_assert_int_eq(weft_config_set_fp_control(&config, true), 0);
	ck_assert_int_eq(weft_config_set_crash_report(&config, true), 0);
	ck_assert_int_eq(weft_config_set_seed(&config, 0), 0);
	ck_assert_mem_eq(&config, &zero, sizeof config); /* zero is the default everywhere */
	ck_assert_int_eq(weft_config_set_fp_control(&config, false), 0);
	ck_assert_int_eq(weft_config_set_crash_report(&config, false), 0);
	ck_assert_int_eq(weft_config_set_seed(&config, 7), 0);
	ck_assert_mem_ne(&config, &zero, sizeof config);
	ck_assert_int_eq(weft_config_set_fp_control(NULL, true), -EINVAL);
	ck_assert_int_eq(weft_config_set_crash_report(NULL, true), -EINVAL);
	ck_assert_int_eq(weft_config_set_seed(NULL, 1), -EINVAL);
	ck_assert_int_eq(weft_config_set_io(&config, WEFT_IO_URING), 0);
	ck_assert_int_eq(weft_config_set_io(&config, (enum weft_io)3), -EINVAL);
	ck_assert_int_eq(weft_config_set_io(NULL, WEFT_IO_EPOLL), -EINVAL);
}
END_TEST

START_TEST(attributes)
{
	struct weft_attr attr = WEFT_ATTR_INIT, zero = WEFT_ATTR_INIT;
	ck_assert_int_eq(weft_attr_set_kind(&attr, WEFT_KIND_BOUND), 0);
	ck_assert_mem_eq(&attr, &weft_attr_bound, sizeof attr);
	ck_assert_int_eq(weft_attr_set_kind(&attr, (enum weft_kind)3), -EINVAL);
	ck_assert_int_eq(weft_attr_set_kind(&attr, (enum weft_kind) - 1), -EINVAL);
	ck_assert_mem_eq(&attr, &weft_attr_bound, sizeof attr);
	ck_assert_int_eq(weft_attr_set_kind(&attr, WEFT_KIND_GREEN), 0);
	ck_assert_int_eq(weft_attr_set_queued(&attr, true), 0);
	ck_assert_int_eq(weft_attr_set_detached(&attr, true), 0);
	ck_assert_int_eq(weft_attr_set_queued(&attr, false), 0);
	ck_assert_int_eq(weft_attr_set_detached(&attr, false), 0);
	ck_assert_mem_eq(&attr, &zero, sizeof attr);
	ck_assert_int_eq(weft_attr_set_kind(NULL, WEFT_KIND_GREEN), -EINVAL);
	ck_assert_int_eq(weft_attr_set_queued(NULL, true), -EINVAL);
	ck_assert_int_eq(weft_attr_set_detached(NULL, true), -EINVAL);
}
END_TEST

START_TEST(names)
{
	struct weft_attr attr = WEFT_ATTR_INIT, zero = WEFT_ATTR_INIT;
	ck_assert_int_eq(weft_attr_set_name(&attr, NULL), -EINVAL);
	ck_assert_int_eq(weft_attr_set_name(NULL, "x"), -EINVAL);
	ck_assert_mem_eq(&attr, &zero, sizeof attr);
	ck_assert_int_eq(weft_attr_set_name(&attr, "a name that is longer than fifteen bytes"), 0);
	const struct weft__attr *inside = (const struct weft__attr *)(const void *)&attr;
	ck_assert_str_eq(inside->name, "a name that is ");
	ck_assert_int_eq(weft_attr_set_name(&attr, ""), 0);
	ck_assert_mem_eq(&attr, &zero, sizeof attr);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { workers, stack_sizes, flags, attributes, names, NULL };
	return run_tests("unit/config", tests);
}
