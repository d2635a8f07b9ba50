/* SPDX-License-Identifier: MIT */
/* Reports in words: a first line that says it all, then registers, frames, and where the thread was spawned. */
#include "src/crash/describe.h"

static const char *signal_name(int signal)
{
	switch (signal) {
	case SIGSEGV:
		return "SIGSEGV (invalid memory access)";
	case SIGBUS:
		return "SIGBUS (bad memory access)";
	case SIGFPE:
		return "SIGFPE (arithmetic error)";
	case SIGILL:
		return "SIGILL (illegal instruction)";
	case SIGABRT:
		return "SIGABRT (abort)";
	default:
		return "a signal";
	}
}

static void describe_who(struct weft__text *text, const struct weft__crash *c)
{
	static const char *const who[] = { "green thread ", "bound thread ", "a worker, outside any green thread",
					   "a kernel thread outside the pool" };
	weft__text_str(text, who[c->in]);
	if (c->thread)
		weft__text_hex(text, c->thread);
	if (c->name[0]) {
		weft__text_str(text, " '");
		weft__text_str(text, c->name);
		weft__text_str(text, "'");
	}
	if (c->in == WEFT__CRASH_GREEN) {
		weft__text_str(text, " on worker ");
		weft__text_dec(text, c->worker);
	}
}

static void describe_overflow(struct weft__text *text, const struct weft__crash *c)
{
	weft__text_str(text, "overflowed its stack of ");
	weft__text_dec(text, c->stack / 1024);
	weft__text_str(text, " KiB");
	if (c->depth) {
		weft__text_str(text, ", ");
		weft__text_dec(text, c->depth);
		weft__text_str(text, " calls deep");
	}
	weft__text_str(text, ": give it more by weft_attr_set_stack_size, or all threads by "
			     "weft_config_set_stack_size");
}

static void describe_outcome(struct weft__text *text, const struct weft__crash *c)
{
	if (c->contained) {
		weft__text_str(text, ". The thread ends; the others go on.\n");
		return;
	}
	if (c->why_not) {
		weft__text_str(text, ". It cannot be contained: ");
		weft__text_str(text, c->why_not);
	}
	weft__text_str(text, c->chained ? ". The program's own handler is called.\n" : ". The process dies of it.\n");
}

static void write_summary(const struct weft__crash *c, int fd)
{
	struct weft__text text = { .len = 0 };
	weft__text_str(&text, "weft: crash: ");
	describe_who(&text, c);
	weft__text_str(&text, " ");
	if (c->overflow) {
		describe_overflow(&text, c);
	} else if (c->exception) {
		weft__text_str(&text, "let an exception out of its function: ");
		weft__text_str(&text, c->message);
	} else {
		weft__text_str(&text, c->sent ? "was sent " : "got ");
		weft__text_str(&text, signal_name(c->signal));
		weft__text_str(&text, c->message[0] ? ": " : "");
		weft__text_str(&text, c->message);
	}
	if (!c->sent) {
		weft__text_str(&text, ", code ");
		weft__text_dec(&text, (uint64_t)c->code);
		weft__text_str(&text, "; address ");
		weft__text_hex(&text, (uintptr_t)c->address);
	}
	describe_outcome(&text, c);
	weft__text_write(&text, fd);
}

static void write_registers(const struct weft__crash *c, int fd)
{
#if WEFT_ARCH_DWARF_REGISTERS > 0
	struct weft__text text = { .len = 0 };
	for (unsigned i = 0; i < WEFT_ARCH_DWARF_REGISTERS; i++) {
		weft__text_str(&text, i % 6 == 0 ? "  " : " ");
		weft__text_str(&text, WEFT_ARCH_DWARF_NAME(i));
		weft__text_str(&text, "=");
		weft__text_hex(&text, c->regs.value[i]);
		if (i % 6 == 5)
			weft__text_str(&text, "\n");
	}
	weft__text_str(&text, " pc=");
	weft__text_hex(&text, c->regs.pc);
	weft__text_str(&text, "\n");
	weft__text_write(&text, fd);
#endif
	(void)c, (void)fd;
}

static void write_spawn(const struct weft__crash *c, int fd)
{
	struct weft__text text = { .len = 0 };
	const char *call = (const char *)c->spawned_at - 1; /* it is a return address */
	weft__text_str(&text, "weft: spawned at ");
	weft__text_hex(&text, (uintptr_t)call);
	weft__backtrace_name(&text, call);
	weft__text_str(&text, "\n");
	weft__text_write(&text, fd);
}

void weft__describe_text(const struct weft__crash *c, int fd)
{
	write_summary(c, fd);
	write_registers(c, fd);
	weft__backtrace_write(c->pcs, c->frames, fd);
	if (c->frames == WEFT__BACKTRACE_MAX) {
		struct weft__text text = { .len = 0 };
		weft__text_str(&text, "weft: the backtrace is cut at ");
		weft__text_dec(&text, WEFT__BACKTRACE_MAX);
		weft__text_str(&text, " frames\n");
		weft__text_write(&text, fd);
	}
	if (c->spawned_at)
		write_spawn(c, fd);
}

void weft__describe_more(uint32_t crashes, int fd, bool json)
{
	struct weft__text text = { .len = 0 };
	weft__text_str(&text, json ? "{\"weft\":\"crashes\",\"contained\":" : "weft: crash: ");
	weft__text_dec(&text, crashes);
	weft__text_str(&text, json ? "}\n" : " more were contained, which there was no time to describe\n");
	weft__text_write(&text, fd);
}
