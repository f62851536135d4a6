package main

import (
	"bytes"
	"os"
	"testing"
)

// TestTableIsCurrent makes the table again and compares it with the one that
// is embedded.
func TestTableIsCurrent(t *testing.T) {
	const data = "../../../../shared/data/attack/"
	if _, err := os.Stat(data); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared data is not here")
	}
	objects, err := read(data + "enterprise-attack-18.1.stix21.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile(data + "ATTACK-LICENSE.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := generate(objects, string(notice))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../enterprise-18.1.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("enterprise-18.1.tsv is not what generate makes: run go generate ./internal/attack")
	}
}
