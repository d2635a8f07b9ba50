%% SPDX-License-Identifier: MIT
%%
%% Erlang: processes and messages, each by the language's usual and cheapest means. The operations, sizes and checks are those of
%% weft-bench; the command line and the line of figures those of peer.h. Started by erlang.sh.
-module(weft_peer).
-export([main/1]).

-define(TARGET, 500000).
-define(BUDGET, 9000000).
-define(MIN_SAMPLES, 1).
-define(MAX_SAMPLES, 8192).
-define(YIELD_LAPS, 20).
-define(IN_FLIGHT, 10000).
-define(FIB_N, 20).
-define(SKYNET_LEAVES, 100000).
-define(SLEEPERS, 100000).

main(["version"]) ->
    io:format("Erlang/OTP ~s~n", [erlang:system_info(otp_release)]),
    halt(0);
main([Bench, Workers]) ->
    run(Bench, list_to_integer(Workers)),
    halt(0).

run("yield-2" = B, W) -> ns(B, W, 2 * ?YIELD_LAPS, grows, fun(N) -> yield_among(2, N) end);
run("yield-1000" = B, W) -> ns(B, W, 1000 * ?YIELD_LAPS, grows, fun(N) -> yield_among(1000, N) end);
run("create" = B, W) -> ns(B, W, 1, grows, fun create/1);
run("create-many" = B, W) -> ns(B, W, ?IN_FLIGHT, fixed, fun create_many/1);
run("pingpong" = B, W) -> ns(B, W, 1, grows, fun round_trips/1);
run("chan" = B, W) -> ns(B, W, 1, grows, fun round_trips/1);
run("fib" = B, W) ->
    Spawned = fibonacci(?FIB_N + 1) - 1,
    report(B, W, "ns", samples(Spawned, fixed, fun fib_all/1), "size=" ++ integer_to_list(?FIB_N));
run("skynet" = B, W) ->
    report(B, W, "ms", [T / 1.0e6 || T <- [skynet_all(), skynet_all()]], "size=111111");
run("sleepers-wall", W) -> sleepers(W);
run("sleepers-cpu", W) -> sleepers(W).

check(true, _) -> ok;
check(false, What) ->
    io:format("check failed: ~s~n", [What]),
    halt(1).

now_ns() -> erlang:monotonic_time(nanosecond).

%% Grow the batch until it lasts long enough, then take samples: see batch.h. Ops(N) says how long N operations took.
samples(Step, How, Ops) ->
    N = grow(Step, Step, How, Ops),
    collect(N, Ops, now_ns() + ?BUDGET, []).

grow(N, Step, How, Ops) ->
    Took = Ops(N),
    if
        Took >= ?TARGET; How =:= fixed -> N;
        true -> grow((trunc(N * min(?TARGET / (Took + 1) * 1.2, 16.0)) div Step + 1) * Step, Step, How, Ops)
    end.

collect(N, Ops, End, Out) ->
    More = length(Out) < ?MIN_SAMPLES orelse (now_ns() < End andalso length(Out) < ?MAX_SAMPLES),
    if
        More -> collect(N, Ops, End, [Ops(N) / N | Out]);
        true -> Out
    end.

ns(Bench, Workers, Step, How, Ops) -> report(Bench, Workers, "ns", samples(Step, How, Ops), "").

report(Bench, Workers, Unit, Samples, Note) ->
    S = lists:sort(Samples),
    N = length(S),
    Median = (lists:nth((N + 1) div 2, S) + lists:nth(N div 2 + 1, S)) / 2,
    io:format("~s ~b ~s ~b ~.6g ~.6g ~.6g ~.6g ~s~n",
              [Bench, Workers, Unit, N, Median, hd(S), lists:last(S), lists:nth((N * 99 + 99) div 100, S), Note]).

%% yield-N: see bench_yield.c

yield_among(Units, N) ->
    Main = self(),
    Laps = N div Units,
    Pids = [spawn(fun() -> receive go -> yield(Laps), Main ! {done, Laps} end end) || _ <- lists:seq(1, Units)],
    Begin = now_ns(),
    [P ! go || P <- Pids],
    Done = lists:sum([receive {done, L} -> L end || _ <- Pids]),
    Took = now_ns() - Begin,
    check(Done =:= N, "not every yield was made"),
    Took.

yield(0) -> ok;
yield(N) ->
    erlang:yield(),
    yield(N - 1).

%% create, create-many: see bench_create.c

create(N) ->
    Begin = now_ns(),
    Sum = create(N, self(), 0),
    Took = now_ns() - Begin,
    check(Sum =:= N, "not every process ran"),
    Took.

create(0, _, Sum) -> Sum;
create(N, Main, Sum) ->
    spawn(fun() -> Main ! 1 end),
    receive X -> create(N - 1, Main, Sum + X) end.

create_many(N) ->
    Main = self(),
    Begin = now_ns(),
    spawn_all(N, fun() -> Main ! 1 end),
    Sum = sum_of(N, 0),
    Took = now_ns() - Begin,
    check(Sum =:= N, "not every process ran"),
    Took.

spawn_all(0, _) -> ok;
spawn_all(N, Body) ->
    spawn(Body),
    spawn_all(N - 1, Body).

sum_of(0, Sum) -> Sum;
sum_of(N, Sum) -> receive X -> sum_of(N - 1, Sum + X) end.

%% pingpong, chan: see bench_pingpong.c and bench_chan.c; by messages both

round_trips(N) ->
    Partner = spawn(fun() -> partner(0) end),
    Begin = now_ns(),
    Good = trips(N, Partner, self(), 0),
    Took = now_ns() - Begin,
    Partner ! {stop, self()},
    Seen = receive {trips, T} -> T end,
    check(Good =:= N andalso Seen =:= N, "not each message came back"),
    Took.

partner(Seen) ->
    receive
        {From, X} when is_integer(X) ->
            From ! X + 1,
            partner(Seen + 1);
        {stop, From} -> From ! {trips, Seen}
    end.

trips(0, _, _, Good) -> Good;
trips(N, Partner, Self, Good) ->
    Partner ! {Self, N},
    receive
        X when X =:= N + 1 -> trips(N - 1, Partner, Self, Good + 1);
        _ -> trips(N - 1, Partner, Self, Good)
    end.

%% fib: see bench_fib.c

fib_all(_) ->
    Begin = now_ns(),
    Got = fib(?FIB_N),
    Took = now_ns() - Begin,
    check(Got =:= fibonacci(?FIB_N), "wrong sum"),
    Took.

fib(N) when N < 2 -> N;
fib(N) ->
    Self = self(),
    Left = spawn(fun() -> Self ! {self(), fib(N - 1)} end),
    Right = fib(N - 2),
    receive {Left, X} -> X + Right end.

fibonacci(N) -> fibonacci(N, 0, 1).
fibonacci(0, A, _) -> A;
fibonacci(N, A, B) -> fibonacci(N - 1, B, A + B).

%% skynet: see bench_skynet.c

skynet_all() ->
    Self = self(),
    Begin = now_ns(),
    spawn(fun() -> skynet(0, ?SKYNET_LEAVES, Self) end),
    Got = receive X -> X end,
    Took = now_ns() - Begin,
    check(Got =:= ?SKYNET_LEAVES * (?SKYNET_LEAVES - 1) div 2, "wrong sum"),
    Took.

skynet(First, 1, Out) -> Out ! First;
skynet(First, Leaves, Out) ->
    Self = self(),
    Below = Leaves div 10,
    [spawn(fun() -> skynet(First + I * Below, Below, Self) end) || I <- lists:seq(0, 9)],
    Out ! sum_of(10, 0).

%% sleepers: see bench_sleepers.c, whose delays these are

sleepers(Workers) ->
    Main = self(),
    Begin = now_ns(),
    sleep_all(?SLEEPERS, Main),
    Late = sum_of(?SLEEPERS, 0),
    Wall = (now_ns() - Begin) / 1.0e6,
    {Cpu, _} = statistics(runtime),
    check(Late =:= ?SLEEPERS, "a process woke too early"),
    Size = "size=" ++ integer_to_list(?SLEEPERS),
    report("sleepers-wall", Workers, "ms", [Wall], Size),
    report("sleepers-cpu", Workers, "ms", [float(Cpu)], Size).

sleep_all(0, _) -> ok;
sleep_all(N, Main) ->
    Delay = delay(N - 1),
    spawn(fun() ->
                  Since = now_ns(),
                  receive after Delay -> ok end,
                  Main ! case now_ns() - Since >= Delay * 1000000 of true -> 1; false -> 0 end
          end),
    sleep_all(N - 1, Main).

delay(Index) ->
    Mask = 16#ffffffffffffffff,
    Z0 = (16#9e3779b97f4a7c15 * (Index + 1)) band Mask,
    Z1 = ((Z0 bxor (Z0 bsr 30)) * 16#bf58476d1ce4e5b9) band Mask,
    Z2 = ((Z1 bxor (Z1 bsr 27)) * 16#94d049bb133111eb) band Mask,
    1 + (Z2 bxor (Z2 bsr 31)) rem 1000.
