// SPDX-License-Identifier: MIT

// The echo server of the echo rows: a goroutine for each connection. The load, and the raw epoll server beside it, are those of
// weft-peer-raw-uring (raw_uring.c), which this program becomes, and which starts it once more to serve.
package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	echoListener = 3
	echoBuffer   = 1024
)

func echo(c net.Conn) {
	buffer := make([]byte, echoBuffer)
	for {
		n, err := c.Read(buffer)
		if err == nil {
			_, err = c.Write(buffer[:n])
		}
		if err != nil {
			c.Close()
			return
		}
	}
}

func serveEcho() {
	l, err := net.FileListener(os.NewFile(echoListener, "listener"))
	for err == nil {
		var c net.Conn
		if c, err = l.Accept(); err == nil {
			go echo(c)
		}
	}
	fail("%v", err)
}

func runEcho(name string, workers int) bool {
	if workers != 1 || !strings.HasPrefix(name, "echo-") && name != "churn" {
		return false
	}
	self, err := os.Executable()
	if err == nil {
		driver := filepath.Join(filepath.Dir(self), "weft-peer-raw-uring")
		err = syscall.Exec(driver, []string{driver, name, "1", self, "serve-echo", "1"}, os.Environ())
	}
	return err == nil
}
