# SPDX-License-Identifier: MIT
# The tests. Each program is one line below (its source is the same name with .c); scripts check the house itself.
#   make check                                all
#   make check TESTS=tests/unit/test_list     one
#   make check-brief                          those of a kind (the end of this file), with no other programs built
# Exit 77 skips. A program that runs longer than TEST_TIMEOUT seconds is killed and has failed.

arch_tests = \
	tests/arch/test_backtrace \
	tests/arch/test_bti \
	tests/arch/test_fp \
	tests/arch/test_handover \
	tests/arch/test_registers \
	tests/arch/test_step \
	tests/arch/test_switch \
	tests/arch/test_unwind \
	tests/arch/test_walk

unit_tests = \
	tests/unit/test_bias \
	tests/unit/test_config \
	tests/unit/test_cpu \
	tests/unit/test_estimate \
	tests/unit/test_json \
	tests/unit/test_list \
	tests/unit/test_readable \
	tests/unit/test_record \
	tests/unit/test_ring \
	tests/unit/test_stack \
	tests/unit/test_steal \
	tests/unit/test_text \
	tests/unit/test_timer \
	tests/unit/test_wheel

system_tests = \
	tests/system/bug_late_worker \
	tests/system/bug_mask_left \
	tests/system/bug_spare_worker \
	tests/system/test_blocked \
	tests/system/test_blocking \
	tests/system/test_blocking_cancel \
	tests/system/test_blocking_fail \
	tests/system/test_bound \
	tests/system/test_buffered \
	tests/system/test_cancel \
	tests/system/test_cancel_asleep \
	tests/system/test_chan \
	tests/system/test_chan_crowd \
	tests/system/test_chan_shared \
	tests/system/test_chan_shared_many \
	tests/system/test_chan_shared_process \
	tests/system/test_chan_wait \
	tests/system/test_child \
	tests/system/test_cleanup \
	tests/system/test_close \
	tests/system/test_cond \
	tests/system/test_connect \
	tests/system/test_contain \
	tests/system/test_contain_left \
	tests/system/test_contain_many \
	tests/system/test_contain_not \
	tests/system/test_crash \
	tests/system/test_deadlock \
	tests/system/test_deadlock_io \
	tests/system/test_dump \
	tests/system/test_enter \
	tests/system/test_exit \
	tests/system/test_fair \
	tests/system/test_file \
	tests/system/test_file_name \
	tests/system/test_file_wait \
	tests/system/test_fork \
	tests/system/test_fork_reset \
	tests/system/test_gather \
	tests/system/test_gdb \
	tests/system/test_guard \
	tests/system/test_hog \
	tests/system/test_io \
	tests/system/test_io_cancel \
	tests/system/test_io_deadlock \
	tests/system/test_io_ends \
	tests/system/test_io_hog \
	tests/system/test_join \
	tests/system/test_link \
	tests/system/test_link_process \
	tests/system/test_local \
	tests/system/test_local_end \
	tests/system/test_mutex \
	tests/system/test_net \
	tests/system/test_net_accept \
	tests/system/test_net_name \
	tests/system/test_outside \
	tests/system/test_park \
	tests/system/test_peers \
	tests/system/test_pinned \
	tests/system/test_poll \
	tests/system/test_pooled \
	tests/system/test_refused \
	tests/system/test_process \
	tests/system/test_process_end \
	tests/system/test_process_many \
	tests/system/test_process_short \
	tests/system/test_robust \
	tests/system/test_run \
	tests/system/test_rwlock \
	tests/system/test_scope \
	tests/system/test_scope_cancel \
	tests/system/test_scope_storm \
	tests/system/test_select \
	tests/system/test_select_race \
	tests/system/test_select_wait \
	tests/system/test_sem \
	tests/system/test_send_zerocopy \
	tests/system/test_senders \
	tests/system/test_sleep \
	tests/system/test_socket \
	tests/system/test_spawn \
	tests/system/test_spread \
	tests/system/test_status \
	tests/system/test_supervise \
	tests/system/test_supervise_process \
	tests/system/test_ticker \
	tests/system/test_timeout \
	tests/system/test_uring \
	tests/system/test_waitgroup \
	tests/system/test_workers \
	tests/system/test_years

fault_tests = \
	tests/fault/test_crash_anywhere \
	tests/fault/test_crashes \
	tests/fault/test_fail \
	tests/fault/test_fail_cancel \
	tests/fault/test_fail_io \
	tests/fault/test_fail_rings \
	tests/fault/test_limits

schedule_tests = \
	tests/schedule/test_channels \
	tests/schedule/test_locks \
	tests/schedule/test_schedule \
	tests/schedule/test_threads \
	tests/schedule/test_waits

stress_tests = \
	tests/stress/stress_blocked \
	tests/stress/stress_cancel \
	tests/stress/stress_chan \
	tests/stress/stress_connections \
	tests/stress/stress_echo \
	tests/stress/stress_join \
	tests/stress/stress_million \
	tests/stress/stress_registers \
	tests/stress/stress_restart \
	tests/stress/stress_select \
	tests/stress/stress_stacks \
	tests/stress/stress_steal \
	tests/stress/stress_sync \
	tests/stress/stress_timers \
	tests/stress/stress_tls \
	tests/stress/stress_unpark \
	tests/stress/stress_wake

test_scripts = \
	tests/arch/check_elf.sh \
	tests/fault/modes.sh \
	tests/fault/modes_io.sh \
	tests/support/bench.sh \
	tests/support/bench_page.sh \
	tests/support/exports.sh \
	tests/support/headers.sh \
	tests/support/instructions.sh \
	tests/support/layers.sh \
	tests/support/pages.sh

EXTRA_DIST += \
	$(test_scripts) \
	tests/model/atomic_model.h \
	tests/model/bias.c \
	tests/model/cancel.c \
	tests/model/close.c \
	tests/model/edge.c \
	tests/model/engine.cc \
	tests/model/idle.c \
	tests/model/join.c \
	tests/model/kernel.c \
	tests/model/kernel.h \
	tests/model/model.h \
	tests/model/os.c \
	tests/model/os.h \
	tests/model/park.c \
	tests/model/request.c \
	tests/model/resume.c \
	tests/model/resume.h \
	tests/model/rouse.c \
	tests/model/run.sh \
	tests/model/scope.c \
	tests/model/shared.c \
	tests/model/stub.c \
	tests/model/stub/arch/generic/cpu.h \
	tests/model/wait.c \
	tests/model/wait.h \
	tests/support/installed.sh \
	tests/support/vm.sh

# The longest first, so that none is left to run alone at the end.
test_programs =
cxx_tests =
if HAVE_CHECK
test_programs += $(stress_tests) $(fault_tests) $(system_tests) $(schedule_tests) $(arch_tests) $(unit_tests)
if HAVE_CXX
cxx_tests += tests/arch/test_exception tests/system/test_cxx tests/system/test_throw
test_programs += $(cxx_tests)
endif
endif
check_PROGRAMS += $(test_programs)
TESTS += $(test_scripts) $(test_programs)

# What programs share, linked where it is called.
check_LIBRARIES += tests/libsupport.a
tests_libsupport_a_SOURCES = \
	tests/arch/arch_test.h \
	tests/arch/fill.h \
	tests/arch/fill_aarch64.S \
	tests/arch/fill_x86_64.S \
	tests/schedule/contest.h \
	tests/schedule/schedule.h \
	tests/stress/chan.h \
	tests/stress/queue_history.h \
	tests/stress/stress.h \
	tests/support/calls.h \
	tests/support/chan.h \
	tests/support/child.h \
	tests/support/contain.h \
	tests/support/crew.h \
	tests/support/descriptors.h \
	tests/support/dinner.h \
	tests/support/faults.h \
	tests/support/folder.h \
	tests/support/fork.h \
	tests/support/gate.h \
	tests/support/io.h \
	tests/support/io_work.h \
	tests/support/link.h \
	tests/support/net.h \
	tests/support/plan.h \
	tests/support/process.h \
	tests/support/scope.h \
	tests/support/support.h \
	tests/support/virtual_clock.h

LIBWEFT = libweft.la
LDADD = tests/libsupport.a $(LIBWEFT) $(CHECK_LIBS) $(LIBURING_LIBS)
tests_arch_test_exception_SOURCES = tests/arch/test_exception.c tests/arch/throw.cc
tests_arch_test_bti_LDADD = libweft.la
tests_unit_test_estimate_SOURCES = tests/unit/test_estimate.c bench/estimate.c
tests_unit_test_estimate_LDADD = $(LDADD) -lm
tests_unit_test_json_SOURCES = tests/unit/test_json.c bench/parse.c
tests_system_test_cxx_LDADD = libweft.la
tests_system_test_cxx_SOURCES = tests/system/test_cxx.cc
tests_system_test_throw_LDADD = libweft.la
tests_system_test_throw_SOURCES = tests/system/test_throw.cc
AM_CPPFLAGS += $(CHECK_CFLAGS)

# The library as link-time optimization leaves it, for LIBWEFT: with libweft.la each program does that optimization anew. LTO_FLAGS is
# what makes the compiler write machine code here (gcc: -flinker-output=nolto-rel).
libweft-lto.o: libweft.la
	$(AM_V_CCLD)$(CC) $(WEFT_CFLAGS) $(CFLAGS) $(LDFLAGS) $(LTO_FLAGS) -r -nostdlib -o $@ -Wl,--whole-archive .libs/libweft.a
CLEANFILES += libweft-lto.o

TEST_TIMEOUT = 300
TEST_EXTENSIONS = .sh
LOG_COMPILER = timeout -k 5 $(TEST_TIMEOUT) $(EMULATOR)
AM_TESTS_ENVIRONMENT = CC='$(CC)'; CXX='$(CXX)'; NM='$(NM)'; EMULATOR='$(EMULATOR)'; export CC CXX NM EMULATOR; \
	FILES=`ls .libs/libweft.so arch/*/*switch.o arch/*/.libs/*switch.o 2>/dev/null`; export FILES;

# Unit tests, and the system tests that a tool some fifty times slower can still run. (test_readable and test_stack have the kernel probe
# pages that are not mapped, which valgrind takes for an error; test_io writes from NULL.)
kind_valgrind = $(filter-out tests/unit/test_readable tests/unit/test_stack,$(unit_tests)) \
	tests/system/test_io_hog \
	tests/system/test_join \
	tests/system/test_park \
	tests/system/test_spawn
# What depends on the kernel's ways to wait for descriptors: for machines with another kernel.
kind_io = \
	tests/fault/test_fail_cancel \
	tests/fault/test_fail_io \
	tests/fault/test_fail_rings \
	tests/stress/stress_connections \
	tests/stress/stress_echo \
	tests/system/test_blocking \
	tests/system/test_buffered \
	tests/system/test_child \
	tests/system/test_close \
	tests/system/test_connect \
	tests/system/test_deadlock_io \
	tests/system/test_file \
	tests/system/test_file_wait \
	tests/system/test_io \
	tests/system/test_io_cancel \
	tests/system/test_io_deadlock \
	tests/system/test_io_ends \
	tests/system/test_io_hog \
	tests/system/test_net \
	tests/system/test_net_accept \
	tests/system/test_peers \
	tests/system/test_poll \
	tests/system/test_pooled \
	tests/system/test_refused \
	tests/system/test_send_zerocopy \
	tests/system/test_socket
# What links with libweft.a also where there is link-time optimization: where it matters that weft is inlined into its callers, and what
# has its own in place of a part of weft. Of the others, libweft-lto.o tells as much.
kind_whole = $(arch_tests) $(cxx_tests) $(schedule_tests) \
	tests/stress/stress_tls \
	tests/system/test_crash \
	tests/system/test_local \
	tests/system/test_years \
	tests/unit/test_steal \
	tests/unit/test_timer
kind_plain = $(filter-out $(kind_whole),$(kind_brief))
# Where it matters what kernel it is: that of an emulated machine, not an emulator's translation of system calls. The longest first.
kind_kernel = tests/system/test_process_many tests/fault/test_crashes tests/system/test_fork_reset \
	$(kind_io) $(arch_tests) $(cxx_tests) \
	tests/fault/test_crash_anywhere \
	tests/fault/test_limits \
	tests/stress/stress_blocked \
	tests/stress/stress_million \
	tests/stress/stress_registers \
	tests/stress/stress_stacks \
	tests/stress/stress_tls \
	tests/stress/stress_wake \
	tests/system/test_blocked \
	tests/system/test_blocking_cancel \
	tests/system/test_blocking_fail \
	tests/system/test_bound \
	tests/system/test_contain \
	tests/system/test_contain_left \
	tests/system/test_contain_not \
	tests/system/test_crash \
	tests/system/test_dump \
	tests/system/test_exit \
	tests/system/test_file_name \
	tests/system/test_fork \
	tests/system/test_gdb \
	tests/system/test_guard \
	tests/system/test_net_name \
	tests/system/test_outside \
	tests/system/test_park \
	tests/system/test_process \
	tests/system/test_process_end \
	tests/system/test_process_short \
	tests/system/test_run \
	tests/system/test_sleep \
	tests/system/test_supervise_process \
	tests/system/test_ticker \
	tests/system/test_timeout \
	tests/system/test_uring \
	tests/system/test_workers \
	tests/unit/test_bias \
	tests/unit/test_cpu \
	tests/unit/test_readable \
	tests/unit/test_stack
kind_emulated = $(filter-out $(kind_kernel),$(kind_built))

# What the sources alone decide, and no build.
text_scripts = \
	tests/support/layers.sh \
	tests/support/pages.sh
kind_arch = $(arch_tests) tests/arch/check_elf.sh
kind_brief = $(filter-out tests/stress/%,$(kind_built))
kind_built = $(filter-out $(text_scripts),$(test_scripts)) $(test_programs)
kind_programs = $(test_programs)
kind_quick = $(filter-out %/modes.sh %/modes_io.sh,$(test_scripts)) $(unit_tests)

kinds = arch brief built emulated io kernel plain programs quick valgrind whole
check_kinds = $(kinds:%=check-%)
print_kinds = $(kinds:%=print-%)
$(check_kinds):
	$(MAKE) check TESTS='$(kind_$(@:check-%=%))' check_PROGRAMS='$(filter-out %.sh,$(kind_$(@:check-%=%)))' $(kind_flags)
check-valgrind: kind_flags = EMULATOR='valgrind -q --error-exitcode=99 --fair-sched=yes'
$(print_kinds):
	@echo $(kind_$(@:print-%=%))

if !HAVE_CHECK
check-local:
	@echo 'libcheck was not found by configure: no test program was built or run (Debian: apt-get install check)'
endif

.PHONY: $(check_kinds) $(print_kinds)
