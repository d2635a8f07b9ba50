#!/bin/sh
# SPDX-License-Identifier: MIT
# weft-peer-erlang BENCH WORKERS: see peer.h. What weft_peer.erl has no driver for is said here: its machine takes long to start.
case $1 in
--version) set -- version ;;
yield-2 | yield-1000 | create | create-many | pingpong | chan | fib | skynet | sleepers-wall | sleepers-cpu) ;;
*)
	echo 'no driver for that'
	exit 77
	;;
esac
folder=$(dirname "$0")
workers=${2:-1}
exec erl -noshell -noinput -boot no_dot_erlang +S "$workers:$workers" +P 2000000 -pa "$folder" -run weft_peer main "$@"
