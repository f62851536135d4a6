package logs

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"
)

// A patient reader gives what there is, to the byte and with its error, and
// ends when it is stopped while it waits.
func TestPatient(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 3*headSize/10)
	broken := errors.New("broken")
	p := &patient{r: io.MultiReader(iotest.HalfReader(bytes.NewReader(content)), iotest.ErrReader(broken)), stop: make(chan struct{})}
	got, err := io.ReadAll(iotest.OneByteReader(p))
	if !bytes.Equal(got, content) || err != broken {
		t.Errorf("%d bytes and %v, want %d and %v", len(got), err, len(content), broken)
	}

	r, w := io.Pipe()
	defer w.Close()
	stop := make(chan struct{})
	p = &patient{r: r, stop: stop}
	go io.WriteString(w, "first")
	first := make([]byte, 10)
	n, err := p.Read(first)
	if string(first[:n]) != "first" || err != nil {
		t.Errorf("%q and %v, want what there is", first[:n], err)
	}
	time.AfterFunc(20*time.Millisecond, func() { close(stop) })
	if n, err := p.Read(first); n > 0 || err != io.EOF {
		t.Errorf("%d bytes and %v, want the end", n, err)
	}
}
