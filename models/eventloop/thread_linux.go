//go:build linux && !goroutineid

package eventloop

import "golang.org/x/sys/unix"

// threadID identifies the OS thread that calls.
func threadID() int { return unix.Gettid() }

// adopt and disown are not needed where a thread has a number.
func adopt(*Loop) {}

func disown() {}
