package evtx

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// checkJSON holds what a decoder writes as JSON to the fields that another
// puts out. It returns how many records were written.
func checkJSON(t *testing.T, chunk []byte) (written int) {
	t.Helper()
	type record struct{ id, time, eventID, channel, computer, provider, json string }
	head := func(r *Record) record {
		return record{
			id: strconv.FormatUint(r.ID, 10), time: strconv.FormatInt(r.Time, 10), eventID: string(r.EventID),
			channel: string(r.Channel), computer: string(r.Computer), provider: string(r.Provider),
		}
	}
	var want []record
	stats := NewDecoder(nil).Chunk(chunk, func(r *Record) {
		w := head(r)
		w.json = fieldsJSON(r.Fields)
		want = append(want, w)
	})
	for _, d := range stats.Damage {
		if d.Reason == droppedOutput {
			return 0 // where the limit falls depends on what is counted
		}
	}
	d := NewDecoder(nil)
	d.WriteJSON(jsonQuote)
	for range 2 { // the second time it knows the templates
		n := 0
		d.Chunk(chunk, func(r *Record) {
			got := head(r)
			got.json = fieldsJSON(r.Fields) + string(r.JSON) // one of the two
			if r.JSON != nil {
				written++
			}
			if n >= len(want) || got != want[n] {
				t.Fatalf("record %d, got\n%+v, want\n%+v", r.ID, got, want[min(n, len(want)-1)])
			}
			n++
		})
		if n != len(want) {
			t.Fatalf("%d records, want %d", n, len(want))
		}
	}
	return written
}

// fieldsJSON are the members of fields: an array for a name that comes more
// than once, where it comes first.
func fieldsJSON(fields []Field) (s string) {
	values := map[string][]string{}
	for _, f := range fields {
		values[f.Name] = append(values[f.Name], fieldJSON(f))
	}
	for _, f := range fields {
		if v := values[f.Name]; len(v) > 0 {
			text := strings.Join(v, ",")
			if len(v) > 1 {
				text = "[" + text + "]"
			}
			s += "," + string(jsonQuote(nil, []byte(f.Name))) + ":" + text
			delete(values, f.Name)
		}
	}
	return s
}

// fieldJSON is a field's value in JSON by the letter: a number only where Go
// reads one.
func fieldJSON(f Field) string {
	switch {
	case f.Kind == Null:
		return "null"
	case f.Kind == Bool && (string(f.Value) == "true" || string(f.Value) == "false"):
		return string(f.Value)
	case f.Kind == Number && json.Valid(f.Value):
		return string(f.Value)
	}
	return string(jsonQuote(nil, f.Value))
}

func jsonQuote(dst, s []byte) []byte {
	buf := bytes.NewBuffer(dst)
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(string(s)); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// TestJSON has the files that evtxtest can write written as JSON.
func TestJSON(t *testing.T) {
	written := 0
	for _, file := range seeds(t) {
		for at := HeaderSize; at < len(file); at += ChunkSize {
			written += checkJSON(t, file[at:min(at+ChunkSize, len(file))])
		}
	}
	if written < 90 {
		t.Errorf("only %d records were written as JSON", written)
	}
}

// TestAppendUint holds the digits to what strconv writes, at every length.
func TestAppendUint(t *testing.T) {
	for shift := range 64 {
		for delta := range uint64(300) {
			for _, v := range []uint64{uint64(1)<<shift + delta, uint64(1)<<shift - delta, powers[shift%20] + delta, powers[shift%20] - delta} {
				if got, want := string(appendUint([]byte("x"), v)), "x"+strconv.FormatUint(v, 10); got != want {
					t.Fatalf("%s, want %s", got, want)
				}
				if got, want := string(appendHexInt([]byte("x"), v)), "x0x"+strconv.FormatUint(v, 16); got != want {
					t.Fatalf("%s, want %s", got, want)
				}
			}
		}
	}
}
