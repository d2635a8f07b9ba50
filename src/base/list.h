/* SPDX-License-Identifier: MIT */
/* A circular doubly linked list; the head is a node. An unlinked node points at itself. */
#ifndef WEFT_SRC_BASE_LIST_H
#define WEFT_SRC_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/compiler.h"

struct weft__list {
	struct weft__list *next, *prev;
};

weft__inline void weft__list_init(struct weft__list *head)
{
	head->next = head->prev = head;
}

weft__inline bool weft__list_empty(const struct weft__list *head)
{
	return head->next == head;
}

weft__inline void weft__list_insert_before(struct weft__list *at, struct weft__list *node)
{
	node->prev = at->prev;
	node->next = at;
	at->prev->next = node;
	at->prev = node;
}

#define weft__list_push_back(head, node) weft__list_insert_before((head), (node))
#define weft__list_push_front(head, node) weft__list_insert_before((head)->next, (node))

weft__inline void weft__list_remove(struct weft__list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = node;
}

#endif
