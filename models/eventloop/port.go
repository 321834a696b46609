package eventloop

import (
	"context"
	"net"
	"strings"
)

// LookupPort returns the port of a service, which is a number or a name such as
// http, for a network such as tcp or udp. A number is only read. For a name, a
// helper goroutine calls net.LookupPort, which knows the common ones and those in
// /etc/services. The errors are of package net. If ctx ends first, LookupPort
// returns the cause.
func LookupPort(ctx context.Context, network, service string) (int, error) {
	if isNumber(service) {
		return net.LookupPort(network, service) // which then reads no file
	}
	return Offload(ctx, func() (int, error) { return net.LookupPort(network, service) })
}

// isNumber reports whether a service is not a name. What is no right number is
// for others to say.
func isNumber(service string) bool { return strings.Trim(service, "0123456789") == "" }
