package eventloop

// A Protocol is what a connection is to its user: calls that say what happens. The
// loop makes them directly when the kernel has news, without a task, so they
// cannot wait; they begin tasks with [Go] for that. It is asyncio.Protocol, and the
// quickest way to serve: a request costs one call, and allocates nothing.
//
// ConnectionMade is the first call and ConnectionLost the last one, each made
// once. In between come any number of DataReceived, then EOFReceived once at most,
// and at any time PauseWriting and ResumeWriting in turn.
//
// If a call panics, the connection is aborted, ConnectionLost gets the
// [*PanicError], and Run returns it among the errors that nobody has seen. Other
// connections go on.
type Protocol interface {
	// ConnectionMade is called with what sends to the peer and closes.
	ConnectionMade(t *Transport)
	// DataReceived is called with bytes as they come, in pieces of any size. data
	// belongs to the loop, which uses it again after the call.
	DataReceived(data []byte)
	// EOFReceived is called when the peer will send nothing more. Unless it
	// returns true, the connection is closed, after what is left to send.
	EOFReceived() (keepOpen bool)
	// ConnectionLost is called when the connection is closed: with nil if this
	// side closed or aborted it, or else with the error.
	ConnectionLost(err error)
	// PauseWriting is called when more waits to be sent than the high mark, see
	// [Transport.SetWriteBufferLimits], inside the Write that makes it so. Writes
	// are still taken.
	PauseWriting()
	// ResumeWriting is called when no more waits than the low mark.
	ResumeWriting()
}

// BaseProtocol is a [Protocol] that does nothing. Embed it to have only those
// methods that matter. It is asyncio.BaseProtocol.
type BaseProtocol struct{}

var _ Protocol = BaseProtocol{}

// ConnectionMade does nothing.
func (BaseProtocol) ConnectionMade(*Transport) {}

// DataReceived does nothing.
func (BaseProtocol) DataReceived([]byte) {}

// EOFReceived returns false: the connection is to be closed.
func (BaseProtocol) EOFReceived() bool { return false }

// ConnectionLost does nothing.
func (BaseProtocol) ConnectionLost(error) {}

// PauseWriting does nothing.
func (BaseProtocol) PauseWriting() {}

// ResumeWriting does nothing.
func (BaseProtocol) ResumeWriting() {}
