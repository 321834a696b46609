package eventloop

// OpenBSD has these figures for the whole system only; see sysctl(2).
var keepAliveOptions [0]struct{ name, value int }
