/* SPDX-License-Identifier: MIT */
/*
 * Receiving into buffers that are lent. A try takes a buffer, and gives it back if there was nothing: so nobody waits for
 * data with one in his hands. Where the number is limited, a unit of a semaphore is taken before each buffer. A try does
 * not wait for that: it ends, and the unit is waited for between tries, by who knows that there is data.
 */
#include "weft/pooled.h"
#include "src/io/io.h"
#include "src/io/stream.h"
#include "src/os/lock.h"
#include "src/os/memory.h"
#include "weft/sync.h"

enum { COUNT_MAX = 1 << 30 };

/* The head of a buffer that is not lent. */
struct spare {
	struct spare *next;
};

struct weft_buffers {
	size_t size;
	bool limited;
	struct weft_sem room; /* if limited: how many more may be lent */
	struct weft__lock lock;
	/* under lock */
	struct spare *spare;
	size_t users; /* buffers lent, and calls */
};

struct pooled {
	struct weft__io io;
	struct weft_buffers *from;
	bool has_room, lacks_room;
};

int weft_buffers_create(struct weft_buffers **buffers, size_t size, size_t count)
{
	if (!buffers || size == 0 || count > COUNT_MAX)
		return -EINVAL;
	struct weft_buffers *made = weft__os_alloc(sizeof *made);
	if (!made)
		return -ENOMEM;
	*made = (struct weft_buffers){ .size = size < sizeof(struct spare) ? sizeof(struct spare) : size,
				       .limited = count > 0,
				       .room = WEFT_SEM_INIT(0) };
	(void)weft_sem_release(&made->room, (unsigned)count);
	*buffers = made;
	return 0;
}

int weft_buffers_destroy(struct weft_buffers *buffers)
{
	if (!buffers)
		return 0;
	weft__lock(&buffers->lock);
	bool used = buffers->users;
	weft__unlock(&buffers->lock);
	if (used)
		return -EBUSY;
	for (struct spare *spare = buffers->spare, *next; spare; spare = next) {
		next = spare->next;
		weft__os_free(spare);
	}
	weft__os_free(buffers);
	return 0;
}

/* A call more or less, or a buffer that is lent. */
static void use(struct weft_buffers *b, int n)
{
	weft__lock(&b->lock);
	b->users += (size_t)n;
	weft__unlock(&b->lock);
}

static void *take(struct weft_buffers *b)
{
	weft__lock(&b->lock);
	struct spare *spare = b->spare;
	if (spare)
		b->spare = spare->next;
	b->users++;
	weft__unlock(&b->lock);
	if (!spare)
		spare = weft__os_alloc(b->size);
	if (!spare)
		use(b, -1);
	return spare;
}

void weft_buffers_return(struct weft_buffers *buffers, void *buffer)
{
	struct spare *spare = buffer;
	if (!spare)
		return;
	if (buffers->limited)
		(void)weft_sem_release(&buffers->room, 1);
	weft__lock(&buffers->lock);
	spare->next = buffers->spare;
	buffers->spare = spare;
	buffers->users--; /* the last thing that is done: it may be destroyed */
	weft__unlock(&buffers->lock);
}

static void give_back(struct pooled *p)
{
	if (p->io.data)
		weft_buffers_return(p->from, p->io.data);
	else if (p->has_room && p->from->limited)
		(void)weft_sem_release(&p->from->room, 1);
	p->io.data = NULL;
	p->has_room = false;
}

static ssize_t try_pooled(struct weft__io *io, struct weft__fd *e)
{
	struct pooled *p = weft__container(io, struct pooled, io);
	if (!p->has_room && p->from->limited && weft_sem_tryacquire(&p->from->room)) {
		p->lacks_room = true;
		return -ENOBUFS;
	}
	p->has_room = true;
	io->data = take(p->from);
	ssize_t n = io->data ? weft__io_try_read(io, e) : -ENOMEM;
	if (n <= 0)
		give_back(p);
	return n;
}

static int await_room(struct pooled *p)
{
	uint64_t deadline = p->io.deadline, now = weft__os_now();
	int err = deadline == WEFT__NEVER
			  ? weft_sem_acquire(&p->from->room)
			  : weft_sem_acquire_timeout(&p->from->room, deadline > now ? deadline - now : 0);
	p->has_room = !err;
	return err;
}

static ssize_t receive(int fd, struct weft_buffers *buffers, void **buffer, uint64_t deadline)
{
	if (!buffers || !buffer)
		return -EINVAL;
	struct pooled p = { .io = { .try = try_pooled,
				    .deadline = deadline,
				    .fd = fd,
				    .way = WEFT__INPUT,
				    .tells = true,
				    .flags = WEFT__IO_NO_VECTOR,
				    .size = buffers->size },
			    .from = buffers };
	ssize_t n;
	use(buffers, 1);
	do {
		p.lacks_room = false;
		n = weft__io_run(&p.io);
		if (p.lacks_room)
			n = await_room(&p);
	} while (p.lacks_room && n == 0);
	*buffer = n > 0 ? p.io.data : NULL;
	if (n <= 0)
		give_back(&p);
	use(buffers, -1);
	return n;
}

ssize_t weft_recv_pooled(int fd, struct weft_buffers *buffers, void **buffer)
{
	return receive(fd, buffers, buffer, WEFT__NEVER);
}

ssize_t weft_recv_pooled_timeout(int fd, struct weft_buffers *buffers, void **buffer, uint64_t nanoseconds)
{
	return receive(fd, buffers, buffer, weft__deadline(nanoseconds));
}
