// SPDX-License-Identifier: MIT
// Boost.Fiber: on one worker round robin and pooled stacks, its cheapest; on several shared_work (its work stealing
// crashes in this version) and malloced stacks (the pool is not safe for threads). Children run at once
// (launch::dispatch). switch-raw is boost::context's own switch.
#include <boost/context/fiber.hpp>
#include <boost/fiber/all.hpp>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <thread>
#include <vector>

#define YIELD_LAPS 20
#define IN_FLIGHT 10000
#define FIB_N 20
#define SKYNET_LEAVES 10000
#define SLEEPERS 100000
#define UNIT_INIT                                                                                                      \
	{                                                                                                              \
	}

namespace fibers = boost::fibers;

static constexpr std::size_t stack_bytes = 65536;
static std::optional<fibers::pooled_fixedsize_stack> pool;
static fibers::fixedsize_stack plain(stack_bytes);

struct unit {
	fibers::fiber fiber;
	void *result;
};

struct seat {
	fibers::mutex mutex;
	fibers::condition_variable cond;
	bool permit;
};

static inline void unit_spawn(struct unit *unit, void *(*fn)(void *), void *arg)
{
	auto run = [unit, fn, arg] { unit->result = fn(arg); };

	if (pool)
		unit->fiber = fibers::fiber(fibers::launch::dispatch, std::allocator_arg, *pool, run);
	else
		unit->fiber = fibers::fiber(fibers::launch::dispatch, std::allocator_arg, plain, run);
}

static inline std::uintptr_t unit_join(struct unit *unit)
{
	unit->fiber.join();
	return reinterpret_cast<std::uintptr_t>(unit->result);
}

static inline void unit_yield()
{
	boost::this_fiber::yield();
}

static inline void unit_sleep(std::uint64_t ns)
{
	boost::this_fiber::sleep_for(std::chrono::nanoseconds(ns));
}

static inline void seat_make(struct seat *)
{
}

static inline void seat_park(struct seat *seat)
{
	std::unique_lock<fibers::mutex> lock(seat->mutex);

	seat->cond.wait(lock, [seat] { return seat->permit; });
	seat->permit = false;
}

static inline void seat_unpark(struct seat *seat)
{
	std::unique_lock<fibers::mutex> lock(seat->mutex);

	seat->permit = true;
	seat->cond.notify_one();
}

#define units_make(n) (new struct unit[n]())
#define units_free(p) (delete[](p))

#include "operations.h"

static void switch_raw(struct batch *b)
{
	std::uint64_t visits = 0;
	boost::context::fiber other([&visits](boost::context::fiber &&back) {
		for (;;) {
			visits++;
			back = std::move(back).resume();
		}
		return std::move(back);
	});

	while (batch_more(b)) {
		std::uint64_t before = visits;

		batch_start(b);
		for (std::uint64_t i = 0; i < b->ops; i += 2)
			other = std::move(other).resume();
		batch_stop(b);
		batch_check(b, visits - before == b->ops / 2, "the other context did not run each time");
	}
}

// The other workers run fibers until the body is done. The body is a fiber too: shared_work runs a thread's main
// context only when no fiber at all is ready, which yielding ones would put off for ever.
extern "C" const char *const peer_version = "Boost.Fiber " BOOST_LIB_VERSION;

extern "C" void peer_enter(unsigned workers, void (*body)(struct batch *), struct batch *b)
{
	fibers::mutex mutex;
	fibers::condition_variable_any over;
	bool done = false;
	std::vector<std::thread> others;

	if (workers == 1) {
		pool.emplace(stack_bytes);
		body(b);
		return;
	}
	for (unsigned i = 1; i < workers; i++)
		others.emplace_back([&] {
			fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
			std::unique_lock<fibers::mutex> lock(mutex);
			over.wait(lock, [&done] { return done; });
		});
	fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
	fibers::fiber(body, b).join();
	{
		std::unique_lock<fibers::mutex> lock(mutex);
		done = true;
	}
	over.notify_all();
	for (auto &other : others)
		other.join();
}

int main(int argc, char **argv)
{
	static const struct peer_bench benches[] = {
		{ { "switch-raw", NULL }, { "ns", NULL }, switch_raw, 2, false, false }, OPERATIONS
	};

	return peer_main(argc, argv, benches, 64);
}
