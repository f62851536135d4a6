package postgres

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/tocsin-project/tocsin/internal/store"
)

// A rowCopy is rows for COPY in binary form, as PostgreSQL documents it: a
// header, of each row the number of its fields and of each field its length and
// value, numbers with the most significant byte first, and a trailer.
//
// It is written here, as finding out for each value of each row how to write it
// takes longer than writing it.
type rowCopy struct {
	fields int16
	b      []byte
}

// newRowCopy returns one for rows of so many fields and about so many bytes
// together.
func newRowCopy(fields int16, size int) *rowCopy {
	return &rowCopy{fields, append(make([]byte, 0, size+32), "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)}
}

func (c *rowCopy) row() { c.b = binary.BigEndian.AppendUint16(c.b, uint16(c.fields)) }

func (c *rowCopy) int(n int64) {
	c.b = binary.BigEndian.AppendUint64(append(c.b, 0, 0, 0, 8), uint64(n))
}

// bytes adds a value of type bytea. No row of a store comes near the 2 GB that
// a length can say.
func (c *rowCopy) bytes(v []byte) {
	c.b = append(binary.BigEndian.AppendUint32(c.b, uint32(len(v))), v...)
}

func (c *rowCopy) text(v string) {
	c.b = append(binary.BigEndian.AppendUint32(c.b, uint32(len(v))), v...)
}

// to adds the rows to a table.
func (c *rowCopy) to(ctx context.Context, w *writer, table string) error {
	_, err := w.tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(append(c.b, 0xff, 0xff)), "COPY "+table+" FROM STDIN BINARY")
	return err
}

// rows adds versions.
func (w *writer) rows(ctx context.Context, rows []store.Row) error {
	size := 0
	for i := range rows {
		size += len(rows[i].Raw) + len(rows[i].ID) + 10*12 + 2
	}
	c := newRowCopy(10, size)
	var last store.Row // most rows share their names with the one before
	var typ, scope, source int64
	for i := range rows {
		r := &rows[i]
		var err error
		if i == 0 || r.Type != last.Type {
			if typ, err = w.key(ctx, name{"type", "name", r.Type}); err != nil {
				return err
			}
			w.changed[r.Type] = struct{}{}
		}
		if i == 0 || r.Scope != last.Scope {
			if scope, err = w.key(ctx, name{"scope", "text", string(r.Scope)}); err != nil {
				return err
			}
		}
		if i == 0 || r.Source != last.Source {
			if source, err = w.key(ctx, name{"source", "name", r.Source}); err != nil {
				return err
			}
		}
		last = *r
		c.row()
		c.int(r.Added)
		c.int(r.Key)
		c.text(string(r.ID))
		c.int(typ)
		c.int(r.Version)
		c.int(int64(r.State))
		c.int(scope)
		c.int(source)
		c.int(r.Added)
		c.bytes(r.Raw)
	}
	return c.to(ctx, w, "version (added, key, object, type, version, state, scope, source, date, raw)")
}
