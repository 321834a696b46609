package eventloop_test

// What a server costs: echo over loopback, the server alone on one core and the
// client on another, each in a process of its own.
//
//	go test ./models/eventloop -run '^$' -bench '^BenchmarkEchoServers$' -benchtime 10x
//
// takes ten rounds, in each of which every server serves for a fifth of a second,
// in random order. It reports for each server the medians of
//
//	server-ns/req  the time its process spent on the core, user and system, per request
//	req/s          requests per second
//	busy-%         how much of the time it was busy; the rest it waited for the client
//	x-raw          server-ns/req, in terms of that of the first server in the same round
//
// Without -benchtime there is one round. On a machine that does other things at
// the same time, server-ns/req rises for all servers, x-raw hardly.

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
)

// echoSlice is for how long a server serves in a round.
const echoSlice = 200 * time.Millisecond

func BenchmarkEchoServers(b *testing.B) {
	for _, shape := range []struct {
		name              string
		connections, size int
	}{
		{"100x1KiB", 100, 1024},
		{"1000x64B", 1000, 64},
	} {
		b.Run(shape.name, func(b *testing.B) { echoShape(b, shape.connections, shape.size) })
	}
}

func echoShape(b *testing.B, connections, size int) {
	serverCore, clientCore := twoCores(b)
	servers, clients := make(map[string]*process), make(map[string]*process)
	c := comparison{key: "server-ns/req", ratio: "x-raw"}
	for _, s := range echoServers {
		c.sides = append(c.sides, s.name)
		server := startProcess(b, serverCore, "echo-server", s.name)
		var address string
		server.order(b, "", &address)
		client := startProcess(b, clientCore, "echo-client", address, strconv.Itoa(connections), strconv.Itoa(size))
		var requests, nanos int64
		client.order(b, "100ms", &requests, &nanos) // warm up
		servers[s.name], clients[s.name] = server, client
	}
	c.measure = func(side string) figures { return echoRound(b, servers[side], clients[side]) }
	c.run(b)
}

// echoRound has a server serve for a while. Before and after it has nothing to
// do, so nothing of what it does escapes the marks.
func echoRound(b *testing.B, server, client *process) figures {
	before := server.cpuTime(b)
	var requests, nanos float64
	client.order(b, echoSlice.String(), &requests, &nanos)
	spent := float64(server.cpuTime(b) - before)
	return figures{
		"server-ns/req": spent / requests,
		"req/s":         requests / nanos * 1e9,
		"busy-%":        spent / nanos * 100,
	}
}

// echoServer is a role: the server of the given name, on a free port of
// loopback. It prints its address.
func echoServer(args []string) error {
	i := slices.IndexFunc(echoServers, func(s server) bool { return s.name == args[0] })
	if i < 0 {
		return fmt.Errorf("there is no such server")
	}
	go exitWithInput()
	return echoServers[i].serve()
}
