// SPDX-License-Identifier: MIT
// The C++ half of test_exception.c.
extern "C" int throw_and_catch(int depth, void (*at_the_bottom)(void), int *destroyed);
extern "C" void throw_out(void);

namespace
{
struct guard {
	int *destroyed;
	~guard()
	{
		++*destroyed;
	}
};

__attribute__((noinline)) int descend(int depth, void (*at_the_bottom)(void), int *destroyed)
{
	guard guard = { destroyed };
	if (depth == 0) {
		at_the_bottom();
		throw 42;
	}
	return descend(depth - 1, at_the_bottom, destroyed) + 1;
}
} // namespace

int throw_and_catch(int depth, void (*at_the_bottom)(void), int *destroyed)
{
	try {
		return descend(depth, at_the_bottom, destroyed);
	} catch (int value) {
		return value;
	}
}

void throw_out(void)
{
	throw 1;
}
