package hunt

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/tocsin-project/tocsin/internal/logs"
)

// window is how many blocks, for each worker, may be finished ahead of the
// oldest one that is not: it bounds memory when one block is slow.
const window = 4

// When a hunt is interrupted, the records of the blocks under way are asked
// about until skipAfter, and no one is waited for beyond leaveAfter.
const (
	skipAfter  = 500 * time.Millisecond
	leaveAfter = time.Second
)

// each lets workers take the blocks of in, work on them in parallel, and
// hands what they made to flush in input order, so that the outcome does not
// depend on how many there are. worker is called once for each of them; T is
// reused after flush returns. It ends at the end of the input, at the first
// error, or when ctx is done and the blocks taken have been flushed. Who still
// works on one leaveAfter later is left behind, with nothing of it flushed.
func each[T any](ctx context.Context, in *logs.Input, workers int, worker func() func(*logs.Block, *T), flush func(*logs.Block, *T) error) error {
	o := &order[T]{flush: flush, ready: map[uint64]*made[T]{}}
	o.turn.L = &o.mu
	var wg sync.WaitGroup
	for range max(workers, 1) {
		work := worker()
		wg.Go(func() {
			for ctx.Err() == nil {
				m := o.take()
				err := in.Next(&m.block)
				if err == nil {
					work(&m.block, &m.out)
				}
				if err != nil || !o.deliver(m, uint64(workers)*window) {
					o.fail(err)
					return
				}
			}
		})
	}
	o.wait(ctx, &wg)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed() {
		return o.err
	}
	return ctx.Err() // also behind the end of the input: it may be why it ended
}

// wait returns when all workers have ended, or leaveAfter ctx is done.
func (o *order[T]) wait(ctx context.Context, workers *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		workers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	select {
	case <-done:
	case <-time.After(leaveAfter):
		o.fail(ctx.Err())
	}
}

// made is a block and what was made of it.
type made[T any] struct {
	block logs.Block
	out   T
}

// order puts finished blocks back in input order.
type order[T any] struct {
	mu    sync.Mutex
	turn  sync.Cond
	next  uint64 // sequence number that is to be flushed
	ready map[uint64]*made[T]
	free  []*made[T]
	flush func(*logs.Block, *T) error
	err   error // the first; io.EOF at the end of the input
}

func (o *order[T]) take() *made[T] {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.free); n > 0 {
		m := o.free[n-1]
		o.free = o.free[:n-1]
		return m
	}
	return &made[T]{}
}

// deliver flushes m and what was waiting for it, or leaves it to whoever
// holds the block before it. It waits while m is too far ahead and returns
// false when the work has failed elsewhere.
func (o *order[T]) deliver(m *made[T], ahead uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for m.block.Seq > o.next+ahead && !o.failed() {
		o.turn.Wait()
	}
	if o.failed() {
		return false
	}
	o.ready[m.block.Seq] = m
	for {
		m := o.ready[o.next]
		if m == nil {
			return true
		}
		delete(o.ready, o.next)
		if err := o.flush(&m.block, &m.out); err != nil {
			o.err = err
			o.turn.Broadcast()
			return false
		}
		o.next++
		o.free = append(o.free, m)
		o.turn.Broadcast()
	}
}

// failed reports an error other than the end of the input.
func (o *order[T]) failed() bool { return o.err != nil && !errors.Is(o.err, io.EOF) }

// fail records why a worker stopped, unless another said so before.
func (o *order[T]) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil && !o.failed() {
		o.err = err
	}
	o.turn.Broadcast()
}
