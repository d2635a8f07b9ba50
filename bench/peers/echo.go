// SPDX-License-Identifier: MIT

// The servers of the echo and HTTP rows: a goroutine for each connection. The load, and the raw epoll server beside them, are those of
// weft-peer-raw-uring (raw_uring.c), which this program becomes, and which starts it once more to serve. HTTP is by hand, as the
// others do it (bench/raw/http.h), not by net/http: the same work for the same answer.
package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	echoListener = 3
	echoBuffer   = 1024

	httpAnswer  = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"
	httpAnswers = 8 // in one write
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

// Answers what is whole of the first n bytes: how many are left, moved to the front.
func httpAnswerAll(c net.Conn, in []byte, n int, out []byte) (int, error) {
	begin, blank := 0, []byte("\r\n\r\n")
	for out = out[:0]; len(out) < httpAnswers*len(httpAnswer); {
		at := bytes.Index(in[begin:n], blank)
		if at < 0 {
			break
		}
		out = append(out, httpAnswer...)
		begin += at + len(blank)
	}
	if len(out) == 0 {
		return n, nil
	}
	_, err := c.Write(out)
	return copy(in, in[begin:n]), err
}

func http(c net.Conn) {
	in, out := make([]byte, echoBuffer), make([]byte, httpAnswers*len(httpAnswer))
	size := 0
	for {
		n, err := c.Read(in[size:])
		if err == nil && n > 0 {
			size, err = httpAnswerAll(c, in, size+n, out)
		}
		if err != nil || n == 0 {
			c.Close()
			return
		}
	}
}

func serve(talk func(net.Conn)) {
	l, err := net.FileListener(os.NewFile(echoListener, "listener"))
	for err == nil {
		var c net.Conn
		if c, err = l.Accept(); err == nil {
			go talk(c)
		}
	}
	fail("%v", err)
}

func runServer(name string, workers int) bool {
	how := "serve-echo"
	if strings.HasPrefix(name, "http-") {
		how = "serve-http"
	} else if !strings.HasPrefix(name, "echo-") && name != "churn" {
		return false
	}
	if workers != 1 {
		return false
	}
	self, err := os.Executable()
	if err == nil {
		driver := filepath.Join(filepath.Dir(self), "weft-peer-raw-uring")
		err = syscall.Exec(driver, []string{driver, name, "1", self, how, "1"}, os.Environ())
	}
	return err == nil
}
