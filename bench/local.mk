# SPDX-License-Identifier: MIT
# weft-bench, installed; and a driver for each peer that configure found, built by `make peers`, where weft-bench finds it.
if BENCH
bin_PROGRAMS += bench/weft-bench
endif

bench_weft_bench_LDADD = libweft.la -lm -lrt
bench_weft_bench_CPPFLAGS = $(AM_CPPFLAGS) -include bench/commit.h
bench_weft_bench_SOURCES = \
	bench/about.c \
	bench/about.h \
	bench/answer.c \
	bench/batch.c \
	bench/batch.h \
	bench/bench_cancel.c \
	bench/bench_chan.c \
	bench/bench_copy.c \
	bench/bench_crash.c \
	bench/bench_crash_service.c \
	bench/bench_create.c \
	bench/bench_create_big.c \
	bench/bench_echo.c \
	bench/bench_fib.c \
	bench/bench_floor.c \
	bench/bench_ipc.c \
	bench/bench_local.c \
	bench/bench_memory.c \
	bench/bench_pingpong.c \
	bench/bench_read.c \
	bench/bench_request.c \
	bench/bench_scale.c \
	bench/bench_scope.c \
	bench/bench_select.c \
	bench/bench_skynet.c \
	bench/bench_sleepers.c \
	bench/bench_stream.c \
	bench/bench_switch.c \
	bench/bench_sync.c \
	bench/bench_timer.c \
	bench/bench_touch.c \
	bench/bench_yield.c \
	bench/cell.c \
	bench/channel.h \
	bench/compare.c \
	bench/crew.h \
	bench/csv.c \
	bench/echo.h \
	bench/echo_compare.c \
	bench/echo_load.c \
	bench/echo_process.c \
	bench/echo_server.c \
	bench/echo_server.h \
	bench/estimate.c \
	bench/estimate.h \
	bench/fault.c \
	bench/fault.h \
	bench/gate.c \
	bench/harness.c \
	bench/harness.h \
	bench/json.c \
	bench/list.c \
	bench/locks.h \
	bench/main.c \
	bench/model.h \
	bench/model_copies.h \
	bench/noise.c \
	bench/noise.h \
	bench/options.c \
	bench/options.h \
	bench/page.c \
	bench/page.h \
	bench/page_table.c \
	bench/pair.h \
	bench/parse.c \
	bench/parse.h \
	bench/peers.c \
	bench/plot.c \
	bench/progress.c \
	bench/question.c \
	bench/question.h \
	bench/queues.h \
	bench/rally.h \
	bench/raw/epoll_server.h \
	bench/raw/http.h \
	bench/read.c \
	bench/report.h \
	bench/round.c \
	bench/row.c \
	bench/row.h \
	bench/schema.h \
	bench/system.c \
	bench/system.h \
	bench/table.c \
	bench/ward.c \
	bench/ward.h \
	bench/work.h

# What callgrind counts in: tests/support/instructions.sh.
if BENCH
check_PROGRAMS += bench/weft-instructions
endif
bench_weft_instructions_SOURCES = bench/instructions.c
bench_weft_instructions_LDADD = libweft.la
EXTRA_DIST += bench/gate.txt bench/instructions.txt

# The commit that a JSON file names. Looked up on every make; touched only when it is another.
$(bench_weft_bench_OBJECTS): bench/commit.h
bench/commit.h: FORCE
	@mkdir -p bench; \
	commit=`git -C $(srcdir) describe --always --dirty 2>/dev/null || echo unknown`; \
	echo "#define WEFT_COMMIT \"$$commit\"" >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
CLEANFILES += bench/commit.h
FORCE:

peer_frame = \
	bench/batch.c \
	bench/batch.h \
	bench/peers/operations.h \
	bench/peers/peer.c \
	bench/peers/peer.h

peers = bench/peers/weft-peer-raw-uring
if HAVE_BOOST_FIBER
peers += bench/peers/weft-peer-boost-fiber
endif
if HAVE_ERLANG
peers += bench/peers/weft-peer-erlang
endif
if HAVE_GO
peers += bench/peers/weft-peer-go
endif
if HAVE_LIBUV
peers += bench/peers/weft-peer-libuv
endif
if HAVE_PTH
peers += bench/peers/weft-peer-pth
endif
if HAVE_ST
peers += bench/peers/weft-peer-st
endif

EXTRA_PROGRAMS += \
	bench/peers/weft-peer-boost-fiber \
	bench/peers/weft-peer-libuv \
	bench/peers/weft-peer-pth \
	bench/peers/weft-peer-raw-uring \
	bench/peers/weft-peer-st

bench_peers_weft_peer_boost_fiber_SOURCES = bench/peers/boost_fiber.cc $(peer_frame)
bench_peers_weft_peer_boost_fiber_LDADD = -lboost_fiber -lboost_context
bench_peers_weft_peer_libuv_SOURCES = bench/peers/libuv.c bench/raw/http.h
bench_peers_weft_peer_libuv_LDADD = -luv
bench_peers_weft_peer_pth_SOURCES = bench/peers/pth.c $(peer_frame)
bench_peers_weft_peer_pth_LDADD = -lpth
bench_peers_weft_peer_st_SOURCES = bench/peers/st.c $(peer_frame)
bench_peers_weft_peer_st_LDADD = -lst

bench_peers_weft_peer_raw_uring_SOURCES = \
	bench/batch.c \
	bench/batch.h \
	bench/echo.h \
	bench/echo_compare.c \
	bench/echo_load.c \
	bench/echo_process.c \
	bench/peers/peer.c \
	bench/peers/peer.h \
	bench/peers/raw_uring.c \
	bench/raw/epoll_server.h \
	bench/raw/http.h \
	bench/raw/uring_server.h \
	bench/system.c \
	bench/system.h
bench_peers_weft_peer_raw_uring_CPPFLAGS = $(AM_CPPFLAGS) $(LIBURING_CFLAGS)
bench_peers_weft_peer_raw_uring_LDADD = $(LIBURING_LIBS)

go_peer = bench/peers/chan.go bench/peers/echo.go bench/peers/go.go
EXTRA_DIST += $(go_peer)
bench/peers/weft-peer-go: $(go_peer)
	@mkdir -p bench/peers
	GO111MODULE=off GOCACHE=$(abs_builddir)/bench/peers/go-cache $(GO) build -o $@ $(go_peer:%=$(srcdir)/%)

EXTRA_DIST += bench/peers/erlang.sh bench/peers/weft_peer.erl
bench/peers/weft-peer-erlang: bench/peers/erlang.sh bench/peers/weft_peer.erl
	@mkdir -p bench/peers
	$(ERLC) -o bench/peers $(srcdir)/bench/peers/weft_peer.erl
	cp $(srcdir)/bench/peers/erlang.sh $@
	chmod +x $@

# What an echo server is measured against, and the load for both (bench/raw/load.c tells how).
raw_programs = \
	bench/raw/echo_epoll \
	bench/raw/load
if HAVE_LIBURING
raw_programs += bench/raw/echo_uring
endif
EXTRA_PROGRAMS += \
	bench/raw/echo_epoll \
	bench/raw/echo_uring \
	bench/raw/load
bench_raw_echo_epoll_SOURCES = bench/raw/echo_epoll.c bench/raw/epoll_server.h bench/raw/http.h
bench_raw_echo_epoll_LDADD =
bench_raw_echo_uring_SOURCES = bench/raw/echo_uring.c bench/raw/epoll_server.h bench/raw/http.h bench/raw/uring_server.h
bench_raw_echo_uring_CPPFLAGS = $(AM_CPPFLAGS) $(LIBURING_CFLAGS)
bench_raw_echo_uring_LDADD = $(LIBURING_LIBS)
bench_raw_load_SOURCES = bench/raw/load.c
bench_raw_load_LDADD =
raw: $(raw_programs)

peers: $(peers)
CLEANFILES += $(EXTRA_PROGRAMS) bench/peers/weft-peer-erlang bench/peers/weft_peer.beam bench/peers/weft-peer-go
clean-local:
	rm -rf bench/peers/go-cache

.PHONY: FORCE peers raw
