// SPDX-License-Identifier: MIT
// C++ exceptions that leave the function of a green or bound thread: contained, the thread has crashed, its objects are
// destroyed and the others go on; else the process dies, saying of what; and caught ones are caught as ever. (No
// libcheck: it is C.)
#include <weft.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "config.h"

namespace
{
#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			std::printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                            \
			std::fflush(stdout);                                                                           \
			std::_Exit(1);                                                                                 \
		}                                                                                                      \
	} while (0)

#if defined(__SANITIZE_ADDRESS__)
const bool checks_leaks = true;
#elif defined(__has_feature)
const bool checks_leaks = __has_feature(address_sanitizer);
#else
const bool checks_leaks = false;
#endif

int destroyed; // one thread at a time

// Waits in its destructor: the unwinding may go on on another worker.
struct guard {
	weft_cleanup cleanup;
	guard()
	{
		weft_cleanup_push(&cleanup, nothing, nullptr);
	}
	~guard()
	{
		weft_yield();
		weft_cleanup_pop(&cleanup, false);
		destroyed++;
	}
	static void nothing(void *)
	{
	}
};

struct odd : virtual std::runtime_error {
	odd() : std::runtime_error("virtually")
	{
	}
};

__attribute__((noinline)) void throws(long what)
{
	guard inner;
	weft_sleep(what % 2 ? 0 : WEFT_US(10));
	switch (what % 4) {
	case 0:
		throw std::runtime_error("out of tea");
	case 1:
		throw 42;
	case 2:
		throw odd();
	default:
		std::vector<int> none;
		none.at(7) = 1;
	}
}

void *thrower(void *arg)
{
	guard outer;
	throws(reinterpret_cast<long>(arg));
	return arg;
}

int throwing_child(void *arg)
{
	thrower(arg);
	return 0;
}

void *catcher(void *arg)
{
	std::string caught;
	try {
		thrower(nullptr);
	} catch (const std::exception &e) {
		caught = e.what();
	}
	CHECK(caught == "out of tea");
	return arg;
}

void *body(void *arg)
{
	for (long i = 0; i < 2000; i++) {
		weft_t thread;
		weft_status status;
		const weft_attr *kind = i % 5 ? WEFT_GREEN : WEFT_BOUND;
		CHECK(weft_spawn(&thread, kind, thrower, reinterpret_cast<void *>(i)) == 0);
		CHECK(weft_join_status(thread, &status) == 0);
		CHECK(status.how == WEFT_CRASHED && status.signal == SIGABRT && status.result == nullptr);
		CHECK(destroyed == 4 * i + 2);
		CHECK(weft_spawn(&thread, kind, catcher, arg) == 0);
		void *result = nullptr;
		CHECK(weft_join(thread, &result) == 0 && result == arg);
		CHECK(destroyed == 4 * i + 4);
	}
	for (const weft_attr *kind : { WEFT_GREEN, WEFT_BOUND }) {
		weft_scope scope;
		CHECK(weft_scope_open(&scope, 0) == 0);
		CHECK(weft_scope_spawn(&scope, kind, throwing_child, nullptr) == 0);
		CHECK(weft_scope_close(&scope) == -EOWNERDEAD);
	}
	return arg;
}

// Switches, on its way and in its handler: what is thrown belongs to the thread.
struct waiter {
	int before;
	waiter() : before(std::uncaught_exceptions())
	{
	}
	~waiter()
	{
		CHECK(std::uncaught_exceptions() == before + 1);
		weft_yield();
		CHECK(std::uncaught_exceptions() == before + 1);
	}
};

void *same(void *arg)
{
	CHECK(std::uncaught_exceptions() == 0 && !std::current_exception());
	return arg;
}

void handle(int number, int depth)
{
	try {
		waiter on_the_way;
		throw number;
	} catch (int caught) {
		weft_yield();
		if (depth > 0)
			handle(number + 1, depth - 1);
		weft_t thread;
		CHECK(weft_spawn(&thread, nullptr, same, nullptr) == 0);
		CHECK(weft_join(thread, nullptr) == 0);
		weft_sleep(number % 5 ? 0 : WEFT_US(10));
		CHECK(caught == number && std::uncaught_exceptions() == 0);
		throw;
	}
}

void *rethrower(void *arg)
{
	for (int i = 0; i < 300; i++) {
		int number = static_cast<int>(reinterpret_cast<long>(arg)) + i, got = -1;
		try {
			try {
				handle(number, 3);
			} catch (int) {
				weft_yield();
				throw;
			}
		} catch (int caught) {
			got = caught;
		}
		CHECK(got >= number && got <= number + 3);
		CHECK(std::uncaught_exceptions() == 0 && !std::current_exception());
	}
	return nullptr;
}

// Through weft_exit nothing is unwound, whatever the kind: what is there is not destroyed.
void *exits_deeper(void *arg)
{
	guard inner;
	weft_exit(arg);
	return nullptr;
}

void *unwound_never(void *arg)
{
	for (const weft_attr *kind : { WEFT_GREEN, WEFT_BOUND }) {
		const int before = destroyed;
		weft_t thread;
		CHECK(weft_spawn(&thread, kind, exits_deeper, arg) == 0);
		CHECK(weft_join(thread, nullptr) == 0);
		CHECK(destroyed == before);
	}
	return arg;
}

// One that ends within a handler leaves nothing of it to the next. (What was thrown is not freed: a leak checker says so.)
void *exits(void *arg)
{
	try {
		throw 42;
	} catch (int) {
		weft_exit(arg);
	}
	return nullptr;
}

void *crashes(void *arg)
{
	try {
		throw 42;
	} catch (int) {
		*static_cast<volatile int *>(arg) = 1;
	}
	return nullptr;
}

void *crowd(void *arg)
{
	weft_t threads[10];
	for (long i = 0; i < 10; i++)
		CHECK(weft_spawn(&threads[i], nullptr, rethrower, reinterpret_cast<void *>(1000 * i)) == 0);
	for (weft_t thread : threads)
		CHECK(weft_join(thread, nullptr) == 0);
	for (int i = 0; i < (checks_leaks ? 0 : 100); i++) {
		weft_t thread;
		CHECK(weft_spawn(&thread, nullptr, i % 2 ? exits : crashes, nullptr) == 0);
		CHECK(weft_join(thread, nullptr) == (i % 2 ? 0 : -EOWNERDEAD));
		same(nullptr);
	}
	return arg;
}

std::string read_back(std::FILE *file)
{
	std::string text(1 << 16, 0);
	std::rewind(file);
	text.resize(std::fread(&text[0], 1, text.size(), file));
	return text;
}

const weft_attr *dying_kind;

void *dies(void *)
{
	weft_t thread;
	CHECK(weft_spawn(&thread, dying_kind, thrower, nullptr) == 0);
	CHECK(weft_join(thread, nullptr) == 0);
	return nullptr;
}

// Not contained: std::terminate, where it was thrown, with nothing unwound.
void check_death(const weft_attr *kind, const char *who)
{
	std::FILE *report = std::tmpfile();
	weft_config config = WEFT_CONFIG_INIT;
	CHECK(report != nullptr);
	CHECK(weft_config_set_crash_fd(&config, fileno(report)) == 0);
	dying_kind = kind;
	const pid_t child = fork();
	if (child == 0) {
		const rlimit none = {};
		setrlimit(RLIMIT_CORE, &none);
		std::_Exit(weft_run(&config, dies, nullptr, nullptr) == 0);
	}
	int status = 0;
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	std::string said = read_back(report);
	CHECK(said.find("an exception: std::runtime_error: out of tea") != said.npos);
	CHECK(said.find(who) != said.npos);
	CHECK(said.find("throws") != said.npos);
	std::fclose(report);
}
} // namespace

int main()
{
#if defined(WEFT_USE_ARCH_GENERIC) || defined(WEFT__LTO) || defined(__SANITIZE_THREAD__) ||                            \
	!defined(HAVE__DL_FIND_OBJECT)
	std::printf("skipped: this build cannot contain crashes\n");
	return 77;
#endif
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
	std::printf("skipped: ThreadSanitizer\n");
	return 77;
#endif
#endif
	std::FILE *report = std::tmpfile();
	weft_config config = WEFT_CONFIG_INIT;
	CHECK(report != nullptr);
	CHECK(weft_config_set_crash(&config, WEFT_CRASH_CONTAIN) == 0);
	CHECK(weft_config_set_crash_fd(&config, fileno(report)) == 0);
	void *result = nullptr;
	CHECK(weft_run(&config, body, &config, &result) == 0 && result == &config);
	CHECK(weft_run(&config, crowd, &config, &result) == 0 && result == &config);
	CHECK(weft_run(&config, unwound_never, &config, &result) == 0 && result == &config);
	std::string said = read_back(report);
	CHECK(said.find("let an exception out of its function: std::runtime_error: out of tea.") != said.npos);
	CHECK(said.find("let an exception out of its function: int.") != said.npos);
	CHECK(said.find("odd: virtually.") != said.npos);
	CHECK(said.find("std::out_of_range: vector") != said.npos);
	CHECK(said.find("bound thread") != said.npos);
	check_death(WEFT_GREEN, "green thread");
	check_death(WEFT_BOUND, "bound thread");
	return 0;
}
