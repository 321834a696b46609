package eventloop

import (
	"bytes"
	"slices"
)

// A memoryFlow is one direction of a connection of a [Network]: the bytes that
// were written and not yet read, and when they arrive.
type memoryFlow struct {
	data   bytes.Buffer
	parts  []memoryPart // what data consists of, in the order of arrival
	limit  int          // of data
	last   int64        // when what was sent last arrives
	ended  bool         // nothing more will be sent; the end arrives at last
	broken bool         // nobody will read
	reader *half
	writer *half
}

// A memoryPart is bytes that arrive together.
type memoryPart struct {
	bytes int
	at    int64 // on the loop's clock
}

// room returns how many bytes can be sent now.
func (f *memoryFlow) room() int { return f.limit - f.data.Len() }

// send sends b, for which there is room, to arrive at the given time.
func (f *memoryFlow) send(b []byte, at int64) {
	f.data.Write(b)
	if n := len(f.parts); n > 0 && f.parts[n-1].at == at {
		f.parts[n-1].bytes += len(b)
	} else {
		f.parts = append(f.parts, memoryPart{len(b), at})
	}
	f.last = at
	f.reader.blocked.wakeAll(nil)
}

// end says that nothing more will be sent.
func (f *memoryFlow) end(at int64) {
	if !f.ended {
		f.ended, f.last = true, at
		f.reader.blocked.wakeAll(nil)
	}
}

// receive moves into b what has arrived by now.
func (f *memoryFlow) receive(b []byte, now int64) int {
	received, whole := 0, 0
	for i := range f.parts {
		p := &f.parts[i]
		if p.at > now || received == len(b) {
			break
		}
		n := min(p.bytes, len(b)-received)
		f.data.Read(b[received : received+n])
		received += n
		if p.bytes -= n; p.bytes == 0 {
			whole++
		}
	}
	f.parts = slices.Delete(f.parts, 0, whole)
	if received > 0 {
		f.writer.blocked.wakeAll(nil)
	}
	return received
}

// next returns when the next bytes or the end arrive, if they are on their way.
func (f *memoryFlow) next() (at int64, ok bool) {
	if len(f.parts) > 0 {
		return f.parts[0].at, true
	}
	return f.last, f.ended
}

// atEnd reports whether everything was read and the end has arrived.
func (f *memoryFlow) atEnd(now int64) bool {
	return f.ended && len(f.parts) == 0 && f.last <= now
}

// abandon says that nobody will read. What was not read is gone.
func (f *memoryFlow) abandon() {
	f.broken = true
	f.data, f.parts = bytes.Buffer{}, nil
	f.writer.blocked.wakeAll(nil)
}
