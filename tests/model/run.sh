#!/bin/sh
# SPDX-License-Identifier: MIT
# The models: the scheduler's protocols, compiled from the product's own source, under the checker relacy (docs/memory-model.md).
#   tests/model/run.sh              all of them, then each bug that is seeded below, which the checker has to find
#   tests/model/run.sh NAME...      those models and seeds only (bias, idle-lost-recheck, ...)
#   tests/model/run.sh -k NAME      likewise, and keep the build: `DIR/NAME/model random 1 pair ITERATION` runs one execution again
# Prints a line each and `N passed, N failed`. Exit 77: relacy is not installed.
set -eu
cd "$(dirname "$0")/../.."
: "${JOBS:=$(nproc)}"
CC=${MODEL_CC-gcc} CXX=${MODEL_CXX-g++}
export LC_ALL=C JOBS

# --- What is run -------------------------------------------------------------------------------------------------------

# Capacities made tiny, so that their ends are reached in a model of a few steps: FILE|SED. (And one check of a
# size: a model's atomics are larger.)
tiny() {
	cat <<'LIST'
src/sched/bias.c|s/PATIENCE = 200/PATIENCE = 2/
src/sched/idle.c|s/i < 20 &&/i < 1 \&\&/
src/sched/record.h|s/WEFT__RECORD_BATCH = 64/WEFT__RECORD_BATCH = 2/
src/os/lock.c|s/i < 100/i < 1/
src/sched/scope.c|/^_Static_assert.*"ABI"/d
src/poll/fd.h|s/WEFT__FD_CHUNK_LOG2 = 10, WEFT__FD_CHUNKS = 1 << 14/WEFT__FD_CHUNK_LOG2 = 1, WEFT__FD_CHUNKS = 1/
src/chan/chan.h|s/memcpy(to, from, 8);/({ void model_copy(void *, const void *); model_copy(to, from); });/
src/poll/table.c|/^_Static_assert.*"an entry is one cache line"/d
LIST
}

# sources MODEL: its files, in tests/model and in src.
sources() {
	worker='sched/bias sched/ring sched/injector sched/dispatch sched/pinned sched/record os/lock'
	case $1 in
	bias) echo bias os -- sched/bias sched/ring ;;
	idle | idle-two | idle-outside) echo idle os stub -- "$worker" sched/gather sched/idle sched/steal sched/worker sched/park ;;
	cancel | cancel-bound | cancel-timed)
		echo cancel resume wait os stub -- "$worker" sched/cancel sched/cleanup sched/join sched/park sched/permit sched/scope sched/spawn sched/end time/sleep time/timer time/wheel
		;;
	park | park-bound) echo park resume os stub -- "$worker" sched/park sched/permit time/sleep time/timer time/wheel ;;
	join) echo join os stub -- "$worker" sched/park sched/permit sched/join sched/end ;;
	scope) echo scope wait os stub -- "$worker" sched/bound sched/cancel sched/cleanup sched/join sched/name sched/park sched/scope sched/spawn sched/end ;;
	rouse) echo rouse os stub -- "$worker" sched/gather sched/idle sched/steal sched/worker sched/monitor ;;
	edge | edge-any) echo edge os stub -- "$worker" sched/park poll/fd poll/poller poll/table poll/uring_none io/io ;;
	request)
		echo request kernel os stub -- "$worker" sched/cancel sched/cleanup sched/join sched/park sched/permit sched/scope sched/spawn sched/end time/sleep time/timer time/wheel poll/fd poll/poller poll/request poll/table poll/uring poll/uring_life poll/uring_reap poll/uring_try
		;;
	shared | shared-close | shared-crowd | shared-timed) echo shared os -- chan/shared chan/shared_wake ;;
	close) echo close os stub -- "$worker" sched/worker sched/pool ;;
	esac
}

# flags MODEL: THREADS [FLAG...]
flags() {
	case $1 in
	bias | idle | rouse) echo 3 ;;
	edge) echo 4 ;;
	request) echo 4 -DHAVE_LIBURING ;;
	edge-any) echo 3 -DMODEL_EDGE_ANY ;;
	idle-two) echo 3 -DMODEL_IDLE_TWO ;;
	idle-outside) echo 3 -DMODEL_IDLE_OUTSIDE ;;
	park | join | close | cancel | scope) echo 4 ;;
	shared) echo 4 ;;
	shared-close) echo 3 -DMODEL_SHARED_CLOSE ;;
	shared-crowd) echo 4 -DMODEL_SHARED_CROWD ;;
	shared-timed) echo 3 -DMODEL_SHARED_TIMED ;;
	cancel-timed) echo 4 -DMODEL_CANCEL_TIMED ;;
	cancel-bound) echo 3 -DMODEL_CANCEL_BOUND ;;
	park-bound) echo 3 -DMODEL_PARK_BOUND ;;
	esac
}

# Clean runs: MODEL|SEARCH N FENCES. See engine.cc for the words.
runs() {
	cat <<'LIST'
bias|random 60000 pair
bias|random 60000 ipi
bias|random 60000 symmetric
bias|bound 1 pair
cancel|random 40000 pair
cancel|random 40000 ipi
cancel|random 40000 symmetric
cancel-timed|random 20000 pair
cancel-timed|random 20000 ipi
cancel-bound|random 40000 pair
cancel-bound|random 40000 ipi
close|bound 1 pair
edge|random 20000 ipi
edge-any|random 20000 ipi
idle|random 10000 pair
idle|random 10000 ipi
idle|random 10000 symmetric
idle-two|random 20000 pair
idle-two|random 20000 ipi
idle-two|random 20000 symmetric
idle-outside|random 20000 pair
idle-outside|random 20000 ipi
idle-outside|random 20000 symmetric
park|random 40000 pair
park|random 40000 ipi
park-bound|random 60000 ipi
join|random 80000 ipi
request|random 60000 ipi
rouse|random 40000 pair
rouse|random 40000 ipi
rouse|random 40000 symmetric
scope|random 20000 pair
scope|random 20000 ipi
scope|random 20000 symmetric
shared|random 20000 ipi
shared-close|random 40000 ipi
shared-crowd|random 40000 ipi
shared-timed|random 40000 ipi
close|random 60000 ipi
LIST
}

# Seeded bugs: NAME|MODEL|SEARCH N FENCES|FILE|SED. The checker must find each.
seeds() {
	cat <<'LIST'
bias-leave-relaxed|bias|random 60000 ipi|src/sched/bias.h|s/weft__store_rel(&bias->busy, 0)/weft__store_rlx(\&bias->busy, 0)/
bias-return-relaxed|bias|random 60000 ipi|src/sched/bias.h|s/weft__load_acq(&bias->attention)/weft__load_rlx(\&bias->attention)/
bias-no-light-fence|bias|random 60000 pair|src/sched/bias.h|s/weft__fence_light();//
bias-no-barrier|bias|random 60000 pair|src/sched/bias.c|s/weft__os_barrier();//
bias-no-full-fence|bias|random 60000 symmetric|src/sched/bias.c|s/weft__fence_full();//
bias-store-for-and|bias|random 60000 pair|src/sched/bias.c|s/weft__and_acqrel(&bias->attention, ~(uint32_t)WEFT__BIAS_SEIZED)/weft__store_rel(\&bias->attention, 0)/
bias-stays-seized|bias|random 60000 pair|src/sched/bias.c|/if (i == PATIENCE)/,/}/{/weft__bias_release/d}
idle-no-recheck|idle-two|random 60000 pair|src/sched/idle.c|s/bool work = can_run && weft__work_visible();/bool work = false;/
idle-no-barrier|idle-two|random 60000 ipi|src/sched/idle.c|/^static void fence_against_workers/,/^}/{s/weft__os_barrier();/;/;s/weft__fence_full();//}
idle-no-light-fence|idle|random 60000 pair|src/sched/idle.h|s/weft__fence_light_or_full();//
idle-searcher-just-leaves|idle|random 60000 ipi|src/sched/idle.c|s/^\t\t\tleave_searchers();/\t\t\tweft__sub_acqrel(\&weft__pool.searching, 1);/
idle-waker-just-leaves|idle-outside|random 200000 pair|src/sched/idle.c|s/^\t\tleave_searchers();/\t\tweft__sub_acqrel(\&weft__pool.searching, 1);/
idle-rechecker-no-searcher|idle|random 60000 ipi|src/sched/idle.c|s/} else if (work) {/} else if (false) {/
idle-cleared-after-listing|idle|random 60000 pair|src/sched/idle.c|s/^\tlist_asleep(w);/&\n\tweft__store_rlx(\&w->wake, 0);/
park-store-for-cas|park|random 60000 pair|src/sched/permit.c|s/if (weft__cas_acqrel(&self->record->park, &word, word . WEFT__PARKED))/weft__store_rel(\&self->record->park, word + WEFT__PARKED); if (true)/
park-permit-twice|park|random 60000 pair|src/sched/permit.c|/self->seen = (uint32_t)word;/d
park-revoke-by-store|park|random 60000 ipi|src/sched/permit.c|s/weft__cas_acqrel(&self->record->park, &word, word & ~WEFT__PARKED)/(weft__store_rel(\&self->record->park, word - WEFT__PARKED), true)/
park-parked-stays|park|random 60000 pair|src/sched/permit.c|s/((uint32_t)word & ~WEFT__PARKED)/(uint32_t)word/
park-take-relaxed|park-bound|random 60000 ipi|src/sched/permit.c|s/weft__load_acq(&self->record->park)/weft__load_rlx(\&self->record->park)/
join-done-by-exchange|join|random 60000 pair|src/sched/end.c|s/^enum weft__join_state weft__publish_end/#define exchange(r, c, h, d, o, v) (*(o) = weft__xchg_acqrel(\&(r)->join, (v)), *(o) == (d) ? weft__record_put((c), (r), (h)) : (void)0, false)\n&/; s/!weft__cas_acqrel(&record->join, &old,/exchange(record, cache, handle, detached, \&old,/
join-done-for-handed|join|random 200000 pair|src/sched/end.c|s/WEFT__JOIN_HANDED_NOTED : WEFT__JOIN_HANDED/WEFT__JOIN_NOTED : WEFT__JOIN_DONE/
join-collect-by-store|join|random 60000 pair|src/sched/join.c|s/if (!change(record, handle, WEFT__JOIN_DONE, WEFT__JOIN_FREE))/if (weft__store_rel(\&record->join, weft__join_word(handle, WEFT__JOIN_FREE)), false)/
join-commit-by-store|join|random 60000 pair|src/sched/join.c|s/return change(j->record, j->handle, WEFT__JOIN_CLAIMED, WEFT__JOIN_WAITING);/return weft__store_rel(\&j->record->join, weft__join_word(j->handle, WEFT__JOIN_WAITING)), true;/
join-same-generation|join|random 60000 pair|src/sched/record.h|s/uint64_t next = handle + WEFT__GENERATION_ONE;/uint64_t next = handle;/
rouse-no-fence|rouse|random 200000 ipi|src/sched/monitor.c|/^void weft__monitor_rouse/,/^}/{s/weft__fence_full();//}
rouse-no-recheck|rouse|random 200000 pair|src/sched/monitor.c|/weft__fence_full(); .. order ROUSE: against/,/^}/s/if (weft__load_acq(&weft__pool.sleepers) <.*/if (false) {/
rouse-not-by-the-new|rouse|random 200000 pair|src/sched/worker.c|/^static void publish/,/^}/{/weft__monitor_rouse/d}
scope-no-barrier|scope|random 100000 pair|src/sched/scope.c|/^static void cancel(/,/^}/{s/weft__os_barrier();//}
scope-no-hold|scope|random 100000 ipi|src/sched/scope.c|s/weft__hold(thread_of(l));/;/; s/weft__release(t);//
scope-canceled-after|scope|random 100000 pair|src/sched/scope.c|/^static void cancel(/,/^}/{s/^\tweft__store_rel(&root->canceled, 1);//; s/^\tunlock_tree(root);/&\n\tweft__store_rel(\&root->canceled, 1);/}
scope-enlist-bottom-up|scope|random 100000 ipi|src/sched/scope.c|s/while (!is_enlisted(s)) {/for (; !is_enlisted(s); s = s->parent) {/; /while (!is_enlisted(highest->parent))/,+1d
scope-enlist-after-look|scope|random 100000 pair|src/sched/cancel.h|/bool weft__wait_begin/,/^}/{/^\tif (weft__unlikely(self->scope != NULL))/,+1d; s/return !weft__wait_canceled(self, wait);/bool go_on = !weft__wait_canceled(self, wait);\n\treturn weft__scope_enlist(self), go_on;/}
scope-stays-listed|scope|random 100000 ipi|src/sched/end.c|/^struct weft__scope .weft__leave_scope/,/^}/{s/weft__scope_delist(self);//}
scope-closed-while-locked|scope|random 100000 ipi|src/sched/scope.c|/^static void leave_tree/,/^}/{/^\t\tlock(s);/,/^\t\tunlock(s);/d}
scope-closer-sleeps-anyway|scope|random 100000 pair|src/sched/scope.c|s/return weft__or_acqrel(&s->live, WEFT__SCOPE_CLOSING) != 0;/return weft__or_acqrel(\&s->live, WEFT__SCOPE_CLOSING), true;/
scope-nobody-wakes-closer|scope|random 100000 ipi|src/sched/scope.c|s/if (was == (WEFT__SCOPE_CHILD . WEFT__SCOPE_CLOSING))/if (false)/
rouse-no-monitor-fence|rouse|random 200000 ipi|src/sched/monitor.c|/^static void sleep_if_all_do/,/^}/{s/weft__fence_full();//}
cancel-no-barrier|cancel|random 100000 pair|src/sched/cancel.c|/^int weft_cancel(/,/^}/{s/weft__os_barrier();//}
cancel-no-hold-barrier|cancel|random 200000 pair|src/sched/cancel.c|/^struct weft__thread .weft__record_hold/,/^}/{s/weft__os_barrier();//}
cancel-no-second-look|cancel|random 100000 pair|src/sched/cancel.c|/weft__record_kept(uint64_t handle)/,/^}/{s/has_ended(weft__record_of(handle), handle) ? NULL : //}
cancel-no-wake-fence|cancel|random 200000 pair|src/sched/cancel.h|/void weft__wait_over/,/^}/{s/weft__fence_light_or_full();//}
cancel-no-wake-look|cancel|random 100000 ipi|src/sched/cancel.h|/void weft__wait_over/,/^}/{s/weft__await_holders(t);/;/}
cancel-no-wait-fence|cancel|random 100000 pair|src/sched/cancel.h|/bool weft__wait_begin/,/^}/{s/weft__fence_light_or_full();//}
cancel-look-then-publish|cancel|random 100000 pair|src/sched/cancel.h|/bool weft__wait_begin/,/^}/{s/^\tweft__store_rel.*WAIT .*$//; s/^\t\treturn true;/\t\treturn weft__store_rel(\&self->wait, wait), true;/}
cancel-no-end-fence|cancel|random 200000 pair|src/sched/cancel.c|/^void weft__record_await_holders/,/^}/{s/weft__fence_light_or_full();//}
cancel-no-end-look|cancel|random 100000 ipi|src/sched/end.c|/^static void end_known/,/^}/{s/weft__record_await_holders(handle);//}
cancel-stays|cancel|random 100000 ipi|src/sched/end.c|/^static void end_known/,/^}/{s/weft__store_rlx(&self->attention, 0);//}
cancel-tries-once|cancel|random 100000 pair|src/sched/cancel.c|/^bool weft__end_wait/,/^}/{s/weft__os_spin(round);/return false;/}
cancel-wait-relaxed|cancel|random 200000 ipi|src/sched/cancel.h|s/weft__store_rel(&self->wait, wait)/weft__store_rlx(\&self->wait, wait)/
cancel-release-relaxed|cancel|random 200000 ipi|src/sched/cancel.h|s/weft__sub_acqrel(&t->attention, WEFT__HOLD)/weft__add_rlx(\&t->attention, (uint32_t)-WEFT__HOLD)/
cancel-hold-look-relaxed|cancel|random 200000 ipi|src/sched/cancel.c|/weft__await_holders/,/^}/{s/weft__load_acq/weft__load_rlx/}
cancel-park-not-over|cancel|random 200000 ipi|src/sched/park.c|/^weft__inline bool commit/,/^}/{s/weft__wait_over(self);//}
cancel-fire-not-over|cancel-timed|random 100000 pair|src/time/timer.c|/^static void fire/,/^}/{s/weft__wait_over(self);//}
cancel-give-up-not-over|cancel-bound|random 100000 ipi|src/sched/park.c|/^static int park_kernel/,/^}/{s/weft__wait_over(self);//}
cancel-sleep-not-begun|cancel-timed|random 100000 pair|src/time/sleep.c|s/weft__cas_acqrel(&sleep_of(wait)->state, &asleep, OVER)/(weft__xchg_acqrel(\&sleep_of(wait)->state, OVER) != OVER)/
edge-no-last-look|edge|random 100000 ipi|src/poll/fd.c|s/waiter->queued = !is_news(waiter);/waiter->queued = true;/
edge-dry-by-store|edge|random 100000 ipi|src/poll/fd.h|/^weft__inline bool weft__fd_dry/,/^}/s/return weft__cas_acqrel(&e->edges\[way\], &seen, \(.*\));/return weft__store_rel(\&e->edges[way], \1), true;/
edge-not-passed-on|edge|random 100000 ipi|src/io/io.c|s/weft__fd_pass(e, io->way);/;/
edge-unlock-relaxed|edge|random 100000 ipi|src/poll/fd.c|s/weft__store_rel(&e->lock, 0)/weft__store_rlx(\&e->lock, 0)/
edge-closer-no-look|edge|random 100000 ipi|src/poll/table.c|s/bool sleep = !all_out(e);/bool sleep = true;/
edge-waits-though-closing|edge|random 100000 ipi|src/poll/fd.c|s/waiter->closed = weft__fd_is_closing(waiter->entry);/waiter->closed = false;/
edge-closes-at-once|edge|random 100000 ipi|src/poll/table.c|s/^\tif (use)$/\tif (false)/
edge-closes-while-armed|edge|random 100000 ipi|src/poll/table.c|s/^\tweft__poller_disarm(armed, fd);/\tweft__poller_disarm(armed, -1);/
edge-any-commit-by-store|edge-any|random 100000 ipi|src/poll/fd.c|s/weft__cas_acqrel(&set->state, &not_committed, WEFT__ASLEEP)/(weft__store_rel(\&set->state, WEFT__ASLEEP), true)/
edge-any-two-win|edge-any|random 100000 ipi|src/poll/fd.c|s/weft__cas_acqrel(&set->state, &asleep, WEFT__OVER)/weft__xchg_acqrel(\&set->state, WEFT__OVER) != WEFT__NOT_COMMITTED/
edge-any-stays-queued|edge-any|random 100000 ipi|src/poll/fd.c|/^int weft__fd_wait_any/,/^}/s/(void)dequeue(&set->waiter\[i\]);/;/
edge-any-no-last-look|edge-any|random 100000 ipi|src/poll/fd.c|s/return waiter->set ? (edges ^ waiter->seen) >= WEFT__FD_EDGE : /return waiter->set ? false : /
request-wake-not-passed-on|request|random 100000 ipi|src/poll/uring_reap.c|s/^\t\tweft__uring_visit(u, true);.*/\t\t;/
request-not-settled|request|random 100000 ipi|src/poll/uring_reap.c|s/^\t\tweft__os_uring_settle(.*/\t\t;/
request-reaped-elsewhere|request|random 100000 ipi|src/poll/uring_reap.c|s/elsewhere = !mine;/elsewhere = false;/
request-handed-over-elsewhere|request|random 100000 ipi|src/poll/uring.c|s/u->visits |= 1;/;/
request-taken-back-too-late|request|random 100000 ipi|src/poll/uring.c|s/bool queued = r->state == WEFT__QUEUED,/bool queued = r->state != WEFT__REAPED,/
request-cancel-given-up|request|random 100000 ipi|src/poll/uring.c|s/weft__os_uring_cancel(&u->ring, key_of(r)) < 0/weft__os_uring_cancel(\&u->ring, key_of(r)) == -ENOENT/
request-try-forgets-cancel|request|random 100000 ipi|src/poll/uring_try.c|s/ || r->asked;/;/
request-cancel-of-the-reaped|request|random 100000 ipi|src/poll/uring_inside.h|/weft__uring_over(/,/^}/{/weft__uring_unlink(r);/d}
request-unlock-relaxed|request|random 100000 ipi|src/poll/uring_inside.h|s/weft__store_rel(&u->lock, 0)/weft__store_rlx(\&u->lock, 0)/
request-asked-unseen|request|random 100000 ipi|src/poll/request.c|s/if (waiter->asked)/if (false)/
request-waits-though-closing|request|random 100000 ipi|src/poll/fd.c|s/waiter->closed = weft__fd_is_closing(waiter->entry);/waiter->closed = false;/
request-no-drain|request|random 100000 ipi|src/poll/request.c|s/^\tdrain(set);//
request-woken-uncommitted|request|random 100000 ipi|src/poll/request.c|s/weft__xchg_acqrel(&set->state, WEFT__OVER) == WEFT__ASLEEP/weft__xchg_acqrel(\&set->state, WEFT__OVER) != WEFT__OVER/
request-share-not-counted|request|random 100000 ipi|src/poll/request.c|s/weft__store_rlx(&set->left, 1);/weft__store_rlx(\&set->left, 0);/
shared-sent-by-store|shared|random 100000 ipi|src/chan/shared.c|s/while (!weft__cas_acqrel(sent, &word, (count + 1) . WEFT__FLOW_ONE));/while (weft__store_rel(sent, (count + 1) * WEFT__FLOW_ONE), false);/
shared-received-by-store|shared|random 100000 ipi|src/chan/shared.c|/^static int take/,/^}/{s/weft__xchg_acqrel(&weft__shared_end_of(chan)->flow.WEFT_RECV.->received,/weft__load_rlx(\&weft__shared_end_of(chan)->flow[WEFT_RECV]->received) \& WEFT__FLOW_WAITING; weft__store_rel(\&weft__shared_end_of(chan)->flow[WEFT_RECV]->received,/; s/^\t\t\t\t  (count + 1) . WEFT__FLOW_ONE) &/(count + 1) * WEFT__FLOW_ONE);/; s/^\t\tWEFT__FLOW_WAITING;//}
shared-looks-relaxed|shared|random 100000 ipi|src/chan/shared.c|s/weft__load_acq(theirs(weft__shared_end_of(chan), kind))/weft__load_rlx(theirs(weft__shared_end_of(chan), kind))/
shared-armed-by-store|shared|random 100000 ipi|src/chan/shared.c|s/weft__cas_acqrel(theirs(end, kind), &word, word . WEFT__FLOW_WAITING)/(weft__store_rel(theirs(end, kind), word + WEFT__FLOW_WAITING), true)/
shared-taken-then-copied|shared|random 100000 ipi|src/chan/shared.c|/^static int take/,/^}/{s/^\tweft__chan_copy.*//; s/^\tstep(chan, WEFT_RECV);/\tweft__chan_copy(chan, element, side->place);\n&/}
shared-heard-unseen|shared|random 100000 ipi|src/chan/shared_wake.c|s/weft__load_rlx(&end->heard) == seen/true/
shared-nobody-queued|shared|random 100000 ipi|src/chan/shared_wake.c|s/^\tif (queued)/\tif (false)/
shared-turns-not-taken|shared-crowd|random 100000 ipi|src/chan/shared.c|s/err = weft_sem_acquire_timeout(&end->turn.kind., nanoseconds);/err = 0;/; s/(void)weft_sem_release(&end->turn.kind., 1);//
shared-gives-up-silently|shared-timed|random 100000 ipi|src/chan/shared_wake.c|s/^\t\tstop_listening(end);/\t\tif (!err)\n\t\t\tstop_listening(end);\n\t\telse\n\t\t\tend->listening = false;/
shared-sends-though-closed|shared-close|random 100000 ipi|src/chan/shared.c|/^static int put/,/^}/{s/if (word & WEFT__FLOW_CLOSED)/if (false)/}
shared-shut-then-closed|shared-close|random 100000 ipi|src/chan/shared.c|/^void weft__shared_close/,/^}/{s/^\tfor (/\t(void)weft_shutdown(end->wake, 2);\n&/}
shared-gone-after-look|shared-close|random 100000 ipi|src/chan/shared.c|/^static int attempt_locked/,/^}/{s/^\tif (err)$/\tgone = weft__load_acq(\&end->gone);\n&/}
close-no-fence|close|random 200000 ipi|src/sched/worker.c|/^bool weft__pool_close/,/^}/{s/weft__fence_full();//}
close-enter-no-fence|close|random 200000 ipi|src/sched/pool.c|/^int weft__pool_enter_outside/,/^}/{s/weft__fence_full();//}
close-ended-relaxed|close|random 200000 ipi|src/sched/worker.h|s/weft__store_rel(&w->ended/weft__store_rlx(\&w->ended/
LIST
}

# --- How ---------------------------------------------------------------------------------------------------------------

# mutate DIR FILE SED: what sed makes of FILE, in DIR. A sed that changes nothing is out of date: an error.
mutate() {
	mkdir -p "$1/$(dirname "$2")"
	from=$2
	[ ! -e "$1/$2" ] || from=$1/$2
	sed "$3" "$from" >"$1/new"
	if cmp -s "$from" "$1/new"; then
		echo "tests/model/run.sh: nothing in $2 to apply this to: $3"
		return 1
	fi
	mv "$1/new" "$1/$2"
}

# build NAME MODEL: DIR/NAME/model, from the files in DIR/NAME/over, else the tree's.
build() {
	dir=$BUILD/$1 objects=
	threads=$(flags "$2" | cut -d' ' -f1)
	mkdir -p "$dir/over"
	tiny | while IFS='|' read -r tiny_file tiny_change; do
		mutate "$dir/over" "$tiny_file" "$tiny_change"
	done || return 1
	in=tests/model
	for source in $(sources "$2"); do
		[ "$source" != -- ] || { in=src && continue; }
		path=$in/$source.c
		[ ! -e "$dir/over/$path" ] || path=$dir/over/$path
		object=$dir/$in-$(echo "$source" | tr / -).o
		mkdir -p "$(dirname "$object")"
		# shellcheck disable=SC2046 # one flag a word
		$CC -std=gnu11 -O1 -w -fno-pie -D_GNU_SOURCE -DWEFT__MODEL -DWEFT_USE_ARCH_GENERIC \
			$(flags "$2" | cut -s -d' ' -f2-) \
			-I"$dir/over" -Itests/model/stub -I. -Iinclude -c "$path" -o "$object" || return 1
		objects="$objects $object"
	done
	# What the engine sets back before each execution.
	# shellcheck disable=SC2086
	ld -r -o "$dir/all.o" $objects
	objcopy --rename-section .bss=model_state,alloc,load,data,contents \
		--rename-section .data=model_state,alloc,load,data,contents "$dir/all.o"
	# What the model does without: it has failed if it comes there.
	nm -u "$dir/all.o" | sed -n 's/^ *U \(weft_.*\)/void \1(void) { model_missing("\1"); }/p' |
		$CC -xc -w -fno-pie -include tests/model/model.h -I. -c -o "$dir/missing.o" -
	$CXX -no-pie -o "$dir/model" "$BUILD/engine$threads.o" "$dir/all.o" "$dir/missing.o"
}

# verdict PASS|FAIL NAME TEXT
verdict() {
	printf '%s  %-28s %s\n' "$1" "$2" "$3" | tee -a "$BUILD/verdicts"
	[ "$1" = PASS ] || { [ ! -e "$BUILD/$2.log" ] || tail -n 60 "$BUILD/$2.log" | cut -c1-150 | sed 's/^/        | /'; }
}

# clean MODEL: its runs find nothing.
clean() {
	if ! build "$1" "$1" >"$BUILD/$1.log" 2>&1; then
		verdict FAIL "$1" 'does not build'
		return
	fi
	runs | grep "^$1|" | while IFS='|' read -r model run; do
		# shellcheck disable=SC2086
		if "$BUILD/$1/model" $run >"$BUILD/$1.log" 2>&1; then
			verdict PASS "$model" "$run: $(sed -n 's/^iterations: //p' "$BUILD/$1.log") executions"
		else
			verdict FAIL "$model" "$run: $(sed -n '2,3p' "$BUILD/$1.log" | tr '\n' ' ')"
		fi
	done
}

# seeded NAME: its bug is found.
seeded() {
	seeds | grep "^$1|" | while IFS='|' read -r name model run file change; do
		log=$BUILD/$name.log
		if ! { mutate "$BUILD/$name/over" "$file" "$change" && build "$name" "$model"; } >"$log" 2>&1; then
			verdict FAIL "$name" 'does not build'
			continue
		fi
		status=0
		# shellcheck disable=SC2086
		"$BUILD/$name/model" $run >"$log" 2>&1 || status=$?
		if [ $status = 1 ]; then
			verdict PASS "$name" "found: $(sed -n '2p' "$log"), $(sed -n '3p' "$log")"
		elif [ $status = 139 ]; then # what a bug finds in a frame that is gone may be no address
			verdict PASS "$name" "found: SEGMENTATION FAULT"
		else
			tail -n 5 "$log" >"$log.end" && mv "$log.end" "$log"
			verdict FAIL "$name" "the seeded bug is not found ($run, status $status)"
		fi
	done
}

# The orders that the source names, and those of docs/memory-model.md, are the same.
names() {
	grep -rhoE 'order [A-Z]+(-[A-Z]+)*' src arch | cut -d' ' -f2 | sort -u >"$BUILD/in-source"
	sed -n 's/^| \([A-Z-]*\) | .*/\1/p' docs/memory-model.md | sort -u >"$BUILD/in-docs"
	if diff "$BUILD/in-source" "$BUILD/in-docs" >"$BUILD/names.log"; then
		verdict PASS names "$(grep -c . "$BUILD/in-docs") orders, all in docs/memory-model.md"
	else
		verdict FAIL names 'the orders in src (<) and in docs/memory-model.md (>) differ'
	fi
}

job() {
	case $1 in
	names) names ;;
	engine*) $CXX -std=gnu++17 -O2 -w -DMODEL_THREADS="${1#engine}" -I. -c tests/model/engine.cc -o "$BUILD/$1.o" ;;
	*) if seeds | grep -q "^$1|"; then seeded "$1"; else clean "$1"; fi ;;
	esac
}

if [ "${1-}" = job ]; then
	job "$2"
	exit
fi

keep=false
if [ "${1-}" = -k ]; then
	keep=true
	shift
fi
if ! command -v "${CXX%% *}" >/dev/null || ! echo '#include <relacy/pch.hpp>' | $CXX -E -x c++ - >/dev/null 2>&1; then
	echo 'skipped: no g++ or no relacy (Debian: apt-get install relacy-dev)'
	exit 77
fi
BUILD=$(mktemp -d)
export BUILD
$keep || trap 'rm -rf "$BUILD"' EXIT
: >"$BUILD/verdicts"
# shellcheck disable=SC2046 # one name a word
[ $# -gt 0 ] || set -- names $(runs | cut -d'|' -f1 | sort -u) $(seeds | cut -d'|' -f1)
printf '%s\n' engine3 engine4 | xargs -n 1 -P "$JOBS" "$0" job
printf '%s\n' "$@" | xargs -n 1 -P "$JOBS" "$0" job
$keep && echo "kept: $BUILD"
failed=$(grep -c ^FAIL "$BUILD/verdicts" || true)
echo "$(grep -c ^PASS "$BUILD/verdicts" || true) passed, $failed failed"
[ "$failed" = 0 ]
