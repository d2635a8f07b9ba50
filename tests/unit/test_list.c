/* SPDX-License-Identifier: MIT */
/* src/base/list.h: order, removal from anywhere, a removed node may be removed again. */
#include "src/base/list.h"

#include "tests/support/support.h"

struct item {
	int n;
	struct weft__list link;
};

static int nth(struct weft__list *head, int n)
{
	struct weft__list *l = head->next;
	while (n--)
		l = l->next;
	return weft__container(l, struct item, link)->n;
}

START_TEST(empty_list_points_at_itself)
{
	struct weft__list head;
	weft__list_init(&head);
	ck_assert(weft__list_empty(&head));
	ck_assert_ptr_eq(head.next, &head);
	ck_assert_ptr_eq(head.prev, &head);
}
END_TEST

START_TEST(pushes_keep_their_order)
{
	struct weft__list head;
	struct item item[4] = { { .n = 0 }, { .n = 1 }, { .n = 2 }, { .n = 3 } };
	weft__list_init(&head);
	weft__list_push_back(&head, &item[2].link);
	weft__list_push_back(&head, &item[3].link);
	weft__list_push_front(&head, &item[1].link);
	weft__list_push_front(&head, &item[0].link);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(nth(&head, i), i);
	ck_assert_ptr_eq(head.prev, &item[3].link);
	ck_assert_ptr_eq(item[3].link.next, &head);
}
END_TEST

START_TEST(removal_leaves_the_rest_linked)
{
	struct weft__list head;
	struct item item[3] = { { .n = 0 }, { .n = 1 }, { .n = 2 } };
	weft__list_init(&head);
	for (int i = 0; i < 3; i++)
		weft__list_push_back(&head, &item[i].link);
	weft__list_remove(&item[1].link);
	ck_assert_int_eq(nth(&head, 0), 0);
	ck_assert_int_eq(nth(&head, 1), 2);
	ck_assert_ptr_eq(head.prev->prev, &item[0].link);
	ck_assert(weft__list_empty(&item[1].link));
	weft__list_remove(&item[1].link); /* unlinked: points at itself, so nothing happens */
	weft__list_remove(&item[0].link);
	weft__list_remove(&item[2].link);
	ck_assert(weft__list_empty(&head));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { empty_list_points_at_itself, pushes_keep_their_order,
				       removal_leaves_the_rest_linked, NULL };
	return run_tests("unit/list", tests);
}
