// SPDX-License-Identifier: MIT

// Channels, select and timers: what weft-bench does in bench_chan.c, bench_stream.c, bench_select.c and bench_timer.c.
package main

import "time"

const capacity = 128

func roundTrip(n int) time.Duration {
	there, back, good := make(chan uint64), make(chan uint64), 0
	go func() {
		for x := range there {
			back <- x + 1
		}
		close(back)
	}()
	begin := time.Now()
	for i := uint64(0); i < uint64(n); i++ {
		there <- i
		if <-back == i+1 {
			good++
		}
	}
	took := time.Since(begin)
	close(there)
	<-back
	check(good == n, "not each element came back")
	return took
}

func stream(producers int) func(int) time.Duration {
	return func(n int) time.Duration {
		c, each, sum := make(chan uint64, capacity), uint64(n/producers), uint64(0)
		begin := time.Now()
		for p := 0; p < producers; p++ {
			go func() {
				for i := uint64(0); i < each; i++ {
					c <- i
				}
			}()
		}
		for i := 0; i < n; i++ {
			sum += <-c
		}
		took := time.Since(begin)
		check(sum == uint64(producers)*(each*(each-1)/2), "elements were lost, or came twice")
		return took
	}
}

// Half of the channels are sent to and begin empty, the others are received from and begin full.
func selectAmong(size int, choose func(*[16]chan uint64)) func(int) time.Duration {
	var c [16]chan uint64
	for i := 0; i < size; i++ {
		c[i] = make(chan uint64, capacity)
	}
	return func(n int) time.Duration {
		for i := 0; i < size; i++ {
			for i%2 == 0 && len(c[i]) > 0 {
				<-c[i]
			}
			for i%2 == 1 && len(c[i]) < capacity {
				c[i] <- 1
			}
		}
		begin := time.Now()
		for i := 0; i < n; i++ {
			choose(&c)
		}
		took, moved := time.Since(begin), 0
		for i := 0; i < size; i += 2 {
			moved += len(c[i]) + capacity - len(c[i+1])
		}
		check(moved == n, "not each select did one of its cases")
		return took
	}
}

func choose2(c *[16]chan uint64) {
	select {
	case c[0] <- 1:
	case <-c[1]:
	}
}

func choose16(c *[16]chan uint64) {
	select {
	case c[0] <- 1:
	case <-c[1]:
	case c[2] <- 1:
	case <-c[3]:
	case c[4] <- 1:
	case <-c[5]:
	case c[6] <- 1:
	case <-c[7]:
	case c[8] <- 1:
	case <-c[9]:
	case c[10] <- 1:
	case <-c[11]:
	case c[12] <- 1:
	case <-c[13]:
	case c[14] <- 1:
	case <-c[15]:
	}
}

func timer(n int) time.Duration {
	t, stopped := time.NewTimer(time.Second), 0
	t.Stop()
	begin := time.Now()
	for i := 0; i < n; i++ {
		t.Reset(time.Second)
		if t.Stop() {
			stopped++
		}
	}
	took := time.Since(begin)
	check(stopped == n, "not each timer was armed")
	return took
}

// Nanoseconds each to millions a second.
func rate(ns []float64) []float64 {
	for i := range ns {
		ns[i] = 1e3 / ns[i]
	}
	return ns
}

func runChannels(name string, workers int) bool {
	switch name {
	case "chan":
		report(name, workers, "ns", samples(1, false, roundTrip), "")
	case "chan-stream":
		report(name, workers, "Melem", rate(samples(1, false, stream(1))), "size=1")
	case "chan-stream-2":
		report(name, workers, "Melem", rate(samples(2, false, stream(2))), "size=2")
	case "select-2":
		report(name, workers, "ns", samples(capacity, true, selectAmong(2, choose2)), "size=2")
	case "select-16":
		report(name, workers, "ns", samples(capacity, true, selectAmong(16, choose16)), "size=16")
	case "timer":
		report(name, workers, "ns", samples(1, false, timer), "")
	default:
		return runServer(name, workers)
	}
	return true
}
