package main

import (
	"bytes"
	"os"
	"testing"
)

// TestTableIsCurrent makes the table again and compares it with the one that
// is embedded.
func TestTableIsCurrent(t *testing.T) {
	raw, err := os.ReadFile("../../../../../shared/data/misp/galaxy-threat-actor.json")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared data is not here")
	}
	got, err := generate(raw)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../actors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("actors.tsv is not what generate makes: run go generate ./internal/intake/prose")
	}
}

func TestGenerateRefuses(t *testing.T) {
	for _, s := range []string{"", "{}", `{"values":[{"uuid":1}]}`} {
		if _, err := generate([]byte(s)); err == nil {
			t.Errorf("%q is no error", s)
		}
	}
}
