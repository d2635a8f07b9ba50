/* SPDX-License-Identifier: MIT */
/*
 * Reports as JSON: one object, on one line. Numbers that may have more than 53 bits are strings, in hexadecimal. A line is
 * written in pieces as the buffer fills; what goes wrong with a pipe or a file that is full is nobody's to know.
 */
#include "src/crash/describe.h"
#include "src/crash/symbol.h"

struct json {
	struct weft__text text;
	int fd;
	bool more; /* the object or array has a member already */
};

static void flush(struct json *j, size_t room)
{
	if (sizeof j->text.buf - j->text.len >= room)
		return;
	weft__text_write(&j->text, j->fd);
	j->text.len = 0;
}

static void put(struct json *j, const char *s)
{
	flush(j, 64); /* all that is put so is shorter */
	weft__text_str(&j->text, s);
}

static void begin(struct json *j, const char *bracket)
{
	put(j, bracket);
	j->more = false;
}

static void finish(struct json *j, const char *bracket)
{
	put(j, bracket);
	j->more = true;
}

static void key(struct json *j, const char *name)
{
	put(j, j->more ? "," : "");
	j->more = true;
	if (!name)
		return;
	put(j, "\"");
	put(j, name);
	put(j, "\":");
}

static void put_string(struct json *j, const char *s)
{
	put(j, "\"");
	for (; *s; s++) {
		const unsigned char c = (unsigned char)*s;
		char one[] = { (char)c, 0 };
		const char *hex = "0123456789abcdef";
		char escape[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], 0 };
		put(j, c < ' ' || c == '"' || c == '\\' || c >= 127 ? escape : one);
	}
	put(j, "\"");
}

static void string(struct json *j, const char *name, const char *s)
{
	key(j, name);
	put_string(j, s);
}

static void number(struct json *j, const char *name, int64_t n)
{
	key(j, name);
	if (n < 0)
		put(j, "-");
	flush(j, 64);
	weft__text_dec(&j->text, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static void hex(struct json *j, const char *name, uint64_t n)
{
	key(j, name);
	flush(j, 64);
	weft__text_str(&j->text, "\"");
	weft__text_hex(&j->text, n);
	weft__text_str(&j->text, "\"");
}

static void boolean(struct json *j, const char *name, bool is)
{
	key(j, name);
	put(j, is ? "true" : "false");
}

static void place(struct json *j, const char *name, const void *pc)
{
	struct weft__symbol symbol;
	bool known = weft__symbol_find(pc, &symbol);
	key(j, name);
	begin(j, "{");
	hex(j, "pc", (uintptr_t)pc);
	if (known && symbol.function[0]) {
		string(j, "function", symbol.function);
		hex(j, "offset", (uintptr_t)pc - symbol.from);
	}
	if (known) {
		string(j, "object", symbol.object);
		hex(j, "in_object", symbol.in_object);
	}
	finish(j, "}");
}

static const char *signal_name(int signal)
{
	switch (signal) {
	case SIGSEGV:
		return "SIGSEGV";
	case SIGBUS:
		return "SIGBUS";
	case SIGFPE:
		return "SIGFPE";
	case SIGILL:
		return "SIGILL";
	default:
		return "SIGABRT";
	}
}

static void thread(struct json *j, const struct weft__crash *c)
{
	static const char *const kinds[] = { "green", "bound", "worker", "outside" };
	string(j, "kind", kinds[c->in]);
	if (c->thread)
		hex(j, "thread", c->thread);
	if (c->name[0])
		string(j, "name", c->name);
	if (c->in == WEFT__CRASH_GREEN || c->in == WEFT__CRASH_IDLE)
		number(j, "worker", c->worker);
	if (c->stack)
		number(j, "stack_size", (int64_t)c->stack);
	if (c->used)
		number(j, "stack_used", (int64_t)c->used);
}

static void event(struct json *j, const struct weft__crash *c)
{
	string(j, "signal", signal_name(c->signal));
	number(j, "number", c->signal);
	number(j, "code", c->code);
	boolean(j, "sent", c->sent);
	if (!c->sent)
		hex(j, "address", (uintptr_t)c->address);
	boolean(j, "overflow", c->overflow);
	boolean(j, "contained", c->contained);
	if (c->why_not)
		string(j, "why_not", c->why_not);
	if (c->message[0])
		string(j, "message", c->message);
}

static void frames(struct json *j, const struct weft__crash *c)
{
#if WEFT_ARCH_DWARF_REGISTERS > 0
	key(j, "registers");
	begin(j, "{");
	for (unsigned i = 0; i < WEFT_ARCH_DWARF_REGISTERS; i++)
		hex(j, WEFT_ARCH_DWARF_NAME(i), c->regs.value[i]);
	hex(j, "pc", c->regs.pc);
	finish(j, "}");
#endif
	if (c->depth)
		number(j, "depth", (int64_t)c->depth);
	key(j, "backtrace");
	begin(j, "[");
	for (unsigned i = 0; i < c->frames; i++)
		place(j, NULL, c->pcs[i]);
	finish(j, "]");
	if (c->spawned_at)
		place(j, "spawned_at", (const char *)c->spawned_at - 1); /* it is a return address */
}

void weft__describe_json(const struct weft__crash *c, int fd)
{
	struct json j = { .fd = fd };
	begin(&j, "{");
	string(&j, "weft", "crash");
	event(&j, c);
	thread(&j, c);
	frames(&j, c);
	put(&j, "}\n");
	weft__text_write(&j.text, fd);
}
