// SPDX-License-Identifier: MIT

// Go: goroutines, channels and wait groups, each by the language's usual and cheapest means. The operations, sizes and
// checks are those of weft-bench; the command line and the line of figures those of peer.h.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	targetTime = 500 * time.Microsecond
	budget     = 9 * time.Millisecond
	minSamples = 1
	maxSamples = 8192
	yieldLaps  = 20
	inFlight   = 10000
	fibN       = 24
	sleepers   = 1000000
	leaves     = 1000000
)

func fail(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}

func check(ok bool, what string) {
	if !ok {
		fail("check failed: %s", what)
	}
}

// A single cold run, for what takes seconds.
func once(n int, ops func(n int) time.Duration) []float64 {
	return []float64{float64(ops(n).Nanoseconds()) / float64(n)}
}

// Grow the batch until it lasts long enough, then take samples: see batch.h. ops returns how long n operations took.
func samples(step int, fixed bool, ops func(n int) time.Duration) []float64 {
	n, out := step, []float64{}
	for took := ops(n); took < targetTime && !fixed; took = ops(n) {
		factor := float64(targetTime) / float64(took+1) * 1.2
		if factor > 16 {
			factor = 16
		}
		n = (int(float64(n)*factor)/step + 1) * step
	}
	for end := time.Now().Add(budget); len(out) < minSamples || time.Now().Before(end) && len(out) < maxSamples; {
		out = append(out, float64(ops(n).Nanoseconds())/float64(n))
	}
	return out
}

func report(name string, workers int, unit string, s []float64, note string) {
	sort.Float64s(s)
	n := len(s)
	median := (s[n/2] + s[(n-1)/2]) / 2
	fmt.Printf("%s %d %s %d %.6g %.6g %.6g %.6g %s\n", name, workers, unit, n, median, s[0], s[n-1], s[(n*99+99)/100-1], note)
}

func yieldAmong(units int) func(int) time.Duration {
	return func(n int) time.Duration {
		var arrived, left, done atomic.Int64
		var open atomic.Bool
		var begin time.Time
		finished := make(chan time.Time)
		laps := n / units
		left.Store(int64(units))
		for i := 0; i < units; i++ {
			go func() {
				if arrived.Add(1) == int64(units) {
					begin = time.Now()
					open.Store(true)
				}
				for !open.Load() {
					runtime.Gosched()
				}
				for k := 0; k < laps; k++ {
					runtime.Gosched()
				}
				done.Add(int64(laps))
				if left.Add(-1) == 0 {
					finished <- time.Now()
				}
			}()
		}
		took := (<-finished).Sub(begin)
		check(done.Load() == int64(n), "not every yield was made")
		return took
	}
}

func create(n int) time.Duration {
	sum, back, begin := 0, make(chan int), time.Now()
	for i := 0; i < n; i++ {
		go func() { back <- 1 }()
		sum += <-back
	}
	took := time.Since(begin)
	check(sum == n, "not every goroutine ran")
	return took
}

func createMany(n int) time.Duration {
	var all sync.WaitGroup
	var sum atomic.Int64
	begin := time.Now()
	all.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			sum.Add(1)
			all.Done()
		}()
	}
	all.Wait()
	took := time.Since(begin)
	check(sum.Load() == int64(n), "not every goroutine ran")
	return took
}

func pingpong(n int) time.Duration {
	there, back, trips := make(chan int), make(chan int), 0
	go func() {
		for x := range there {
			trips++
			back <- x
		}
		close(back)
	}()
	begin := time.Now()
	for i := 0; i < n; i++ {
		there <- i
		<-back
	}
	took := time.Since(begin)
	close(there)
	<-back
	check(trips == n, "the partner was not woken each time")
	return took
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	var left int
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		left = fib(n - 1)
		done.Done()
	}()
	right := fib(n - 2)
	done.Wait()
	return left + right
}

func fibonacci(n int) int {
	a, b := 0, 1
	for ; n > 0; n-- {
		a, b = b, a+b
	}
	return a
}

func fibRun(int) time.Duration {
	begin := time.Now()
	got := fib(fibN)
	took := time.Since(begin)
	check(got == fibonacci(fibN), "wrong sum")
	return took
}

func skynet(first, count int, out chan int) {
	if count == 1 {
		out <- first
		return
	}
	below, sum := make(chan int), 0
	for i := 0; i < 10; i++ {
		go skynet(first+i*(count/10), count/10, below)
	}
	for i := 0; i < 10; i++ {
		sum += <-below
	}
	out <- sum
}

func skynetRun(int) time.Duration {
	out, begin := make(chan int), time.Now()
	go skynet(0, leaves, out)
	got := <-out
	took := time.Since(begin)
	check(got == leaves*(leaves-1)/2, "wrong sum")
	return took
}

func delay(index uint64) time.Duration {
	z := 0x9e3779b97f4a7c15 * (index + 1)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return time.Duration(1+(z^z>>31)%1000) * time.Millisecond
}

func sleepersRun(workers int) {
	var all sync.WaitGroup
	var early atomic.Int64
	var usage syscall.Rusage
	begin := time.Now()
	all.Add(sleepers)
	for i := uint64(0); i < sleepers; i++ {
		go func(i uint64) {
			d, since := delay(i), time.Now()
			time.Sleep(d)
			if time.Since(since) < d {
				early.Add(1)
			}
			all.Done()
		}(i)
	}
	all.Wait()
	took := time.Since(begin)
	check(early.Load() == 0, "a goroutine woke too early")
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	cpu := float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
	report("sleepers-wall", workers, "ms", []float64{took.Seconds() * 1e3}, "size=1000000")
	report("sleepers-cpu", workers, "ms", []float64{cpu}, "size=1000000")
}

func ms(ns []float64) []float64 {
	for i := range ns {
		ns[i] /= 1e6
	}
	return ns
}

func run(name string, workers int) bool {
	ns := func(step int, fixed bool, ops func(int) time.Duration) {
		report(name, workers, "ns", samples(step, fixed, ops), "")
	}
	switch name {
	case "yield-2":
		ns(2*yieldLaps, false, yieldAmong(2))
	case "yield-1000":
		ns(1000*yieldLaps, false, yieldAmong(1000))
	case "yield-100000":
		report(name, workers, "ns", once(100000*yieldLaps, yieldAmong(100000)), "size=100000")
	case "create":
		ns(1, false, create)
	case "create-many":
		ns(inFlight, true, createMany)
	case "pingpong":
		ns(1, false, pingpong)
	case "fib":
		report(name, workers, "ns", samples(fibonacci(fibN+1)-1, true, fibRun), "size="+strconv.Itoa(fibN))
	case "skynet":
		report(name, workers, "ms", ms(append(once(1, skynetRun), once(1, skynetRun)...)), "size=1111111")
	case "sleepers-wall", "sleepers-cpu":
		sleepersRun(workers)
	default:
		return runChannels(name, workers)
	}
	return true
}

func main() {
	workers := 0
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(runtime.Version())
		return
	}
	if len(os.Args) == 3 {
		workers, _ = strconv.Atoi(os.Args[2])
	}
	if workers < 1 {
		fmt.Fprintf(os.Stderr, "usage: %s BENCH WORKERS\n", os.Args[0])
		os.Exit(2)
	}
	runtime.GOMAXPROCS(workers)
	debug.SetGCPercent(100)
	switch os.Args[1] {
	case "serve-echo":
		serve(echo)
	case "serve-http":
		serve(http)
	}
	if !run(os.Args[1], workers) {
		fmt.Println("no driver for that")
		os.Exit(77)
	}
}
