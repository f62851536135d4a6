package node

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// Who sends or reads slowly is waited for as long as the bytes come at a least
// rate; a long transfer that keeps to it is not cut, one that holds a connection
// with a byte now and then is.
type pace struct {
	control *http.ResponseController
	rate    int64 // bytes in a second
	start   time.Time
	done    int64
	until   time.Time // the deadline that is set
}

// grace is what everyone is given before the rate counts, and chunk how much is
// written at once.
const (
	grace = 10 * time.Second
	chunk = 256 << 10
)

// due is when so many bytes more must have come.
func (p *pace) due(more int) time.Time {
	return p.start.Add(grace + time.Duration(float64(p.done+int64(more))/float64(p.rate)*float64(time.Second)))
}

// A paced body is read at a pace.
type paced struct {
	io.ReadCloser
	pace
}

func (p *paced) Read(b []byte) (int, error) {
	if due := p.due(0); due.Sub(p.until) >= time.Second {
		_ = p.control.SetReadDeadline(due)
		p.until = due
	}
	n, err := p.ReadCloser.Read(b)
	p.done += int64(n)
	if errors.Is(err, io.EOF) { // what comes next is no part of it
		_ = p.control.SetReadDeadline(time.Now().Add(readBody))
	}
	return n, err
}

// write writes b to w at the pace.
func (p *pace) write(w io.Writer, b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		part := b[:min(len(b), chunk)]
		if p.done+int64(len(part)) > chunk { // a short answer is within the limits of the server
			if due := p.due(len(part)); due.Sub(p.until) >= time.Second {
				_ = p.control.SetWriteDeadline(due)
				p.until = due
			}
		}
		var m int
		m, err = w.Write(part)
		n, p.done, b = n+m, p.done+int64(m), b[m:]
	}
	return n, err
}
