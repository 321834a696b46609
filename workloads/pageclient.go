package workloads

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"juggle/models"
)

// A pageClient fetches pages over HTTP/1.1 on connections that models.Env
// dials. It keeps connections alive: a task that is done leaves its own for the
// next one. It is for the tasks of one process, and any of them may use it.
//
// net/http's own client cannot be used here, because it reads in goroutines of
// its own, which an event loop knows nothing of. Its parser of answers can: it
// reads from any net.Conn, in the task itself.
type pageClient struct {
	address string

	mu   sync.Mutex // held for a push or a pop, never while a task waits
	idle []*pageConn
}

const (
	// maxPage is how long a body may be. Pages have some 12.8 KB.
	maxPage = 64 << 10
	// maxAnswer bounds header and body together, so that a server that never
	// ends its header cannot fill the memory.
	maxAnswer = maxPage + 16<<10
)

// A pageConn is a connection with what its parser has read ahead.
type pageConn struct {
	conn   net.Conn
	budget io.LimitedReader // how much of an answer is still accepted
	reader *bufio.Reader
}

func newPageConn(conn net.Conn) *pageConn {
	p := &pageConn{conn: conn, budget: io.LimitedReader{R: conn}}
	p.reader = bufio.NewReader(&p.budget)
	return p
}

// errNoAnswer tells that not even the first byte of an answer came.
var errNoAnswer = errors.New("no answer came before the connection ended")

// get fetches a page and returns its body.
//
// A connection that was idle may have been closed by the server meanwhile, and
// that shows only when it is used. Such a request is sent again, once and on a
// new connection, as RFC 9112 section 9.3.1 allows for GET.
func (c *pageClient) get(env models.Env, path string) ([]byte, error) {
	if conn := c.pop(); conn != nil {
		body, err := c.exchange(conn, path)
		if !errors.Is(err, errNoAnswer) || env.Context().Err() != nil {
			return body, err
		}
	}
	conn, err := env.Dial("tcp", c.address)
	if err != nil {
		return nil, err
	}
	return c.exchange(newPageConn(conn), path)
}

// exchange sends one request and reads its answer. Afterwards the connection is
// idle or closed.
func (c *pageClient) exchange(conn *pageConn, path string) ([]byte, error) {
	conn.budget.N = maxAnswer
	request := "GET " + path + " HTTP/1.1\r\nHost: " + c.address + "\r\n\r\n"
	_, err := io.WriteString(conn.conn, request)
	var body []byte
	reusable := false
	if err == nil {
		body, reusable, err = conn.readPage()
	}
	// Bytes behind the page would be taken for the answer to the next request.
	if reusable && conn.reader.Buffered() == 0 {
		c.push(conn)
		return body, nil
	}
	conn.conn.Close()
	return body, conn.explain(err)
}

// readPage reads an answer and reports whether the server keeps the connection.
func (conn *pageConn) readPage() (body []byte, reusable bool, err error) {
	response, err := http.ReadResponse(conn.reader, nil)
	if err != nil {
		return nil, false, fmt.Errorf("the head of the answer: %w", err)
	}
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, false, fmt.Errorf("the server answered %q instead of 200", response.Status)
	case response.ContentLength < 0:
		return nil, false, errors.New("the answer does not say how long it is; a Content-Length is needed")
	case response.ContentLength > maxPage:
		return nil, false, fmt.Errorf("the answer has %d bytes; a page has %d at most", response.ContentLength, maxPage)
	}
	body = make([]byte, response.ContentLength)
	if n, err := io.ReadFull(response.Body, body); err != nil {
		return nil, false, fmt.Errorf("the page broke off after %d of %d bytes: %w", n, len(body), err)
	}
	return body, !response.Close, nil
}

// explain says more about an error where the parser just met an end.
func (conn *pageConn) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case conn.budget.N == maxAnswer:
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	case conn.budget.N <= 0:
		return fmt.Errorf("the answer is longer than %d bytes: %w", maxAnswer, err)
	}
	return err
}

// pop takes the connection that was used last, nil if there is none.
func (c *pageClient) pop() *pageConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.idle) - 1
	if last < 0 {
		return nil
	}
	conn := c.idle[last]
	c.idle = c.idle[:last]
	return conn
}

func (c *pageClient) push(conn *pageConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, conn)
}

// close closes the idle connections. The client can be used again afterwards.
func (c *pageClient) close() {
	for conn := c.pop(); conn != nil; conn = c.pop() {
		conn.conn.Close()
	}
}
