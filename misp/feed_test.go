package misp

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A feed that is written can be read: the same events to the byte, what the
// manifest says of them, and the MD5 of each value.
func TestFeed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "feed")
	bare := `{"uuid":"` + uuid(7) + `","info":"bare","date":"2021-03-02","timestamp":"1614700000","Attribute":[{"uuid":"` + uuid(8) + `","type":"filename|md5","value":"a|b"},{"uuid":"` + uuid(9) + `","type":"domain","value":"gone.example.org","deleted":true}]}`
	events := []*Event{parse(t, fullEvent), parse(t, bare)}
	if err := WriteFeed(dir, slices.Values(events)); err != nil {
		t.Fatal(err)
	}
	got := map[string]*Event{}
	for e, err := range ReadFeed(os.DirFS(dir)) {
		if err != nil {
			t.Fatal(err)
		}
		got[e.UUID] = e
	}
	if len(got) != 2 || !bytes.Equal(got[uuid(1)].Raw(), []byte(fullEvent)) || string(got[uuid(7)].Raw()) != `{"Event":`+bare+`}` {
		t.Errorf("%d events came back, or others than were written", len(got))
	}
	raw, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseManifest(raw)
	if err != nil {
		t.Fatal(err)
	}
	entry := m[uuid(1)]
	if entry.Info != "It's a test" || entry.Timestamp != 1614700000 || entry.ThreatLevelID != "1" || entry.Orgc.Name != "Example CERT" || entry.Tags[0].Name != "TLP:AMBER" {
		t.Errorf("the manifest says %+v", entry)
	}
	hashes, err := os.ReadFile(filepath.Join(dir, HashesFile))
	if err != nil {
		t.Fatal(err)
	}
	var of []string
	for pair, err := range ParseHashes(bytes.NewReader(hashes)) {
		if err != nil {
			t.Fatal(err)
		}
		if pair[1] == uuid(7) {
			of = append(of, pair[0])
		}
	}
	if want := []string{"0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"}; !slices.Equal(of, want) {
		t.Errorf("hashes of a and b are %v, want %v", of, want)
	}
}

// A feed that is damaged in places costs these, and names of files that lead
// elsewhere are refused.
func TestDamagedFeed(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		ManifestFile:      `{"` + uuid(1) + `":{},"` + uuid(2) + `":{},"` + uuid(3) + `":[],"` + uuid(4) + `":{}}`,
		uuid(1) + ".json": `{"Event":{"uuid":"` + uuid(1) + `","info":"one"}}`,
		uuid(2) + ".json": `{"Event":{"uuid":"` + uuid(9) + `","info":"another"}}`,
		uuid(4) + ".json": `{"Event":`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ParseManifest([]byte(`{"../../etc/passwd":{}}`)); err == nil {
		t.Error("a manifest may name a file elsewhere")
	}
	for e, err := range ReadFeed(os.DirFS(dir)) {
		if err == nil || e != nil {
			t.Errorf("a manifest with a list in it was read")
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ManifestFile), []byte(`{"`+uuid(1)+`":{},"`+uuid(2)+`":{},"`+uuid(3)+`":{},"`+uuid(4)+`":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	read, lost := 0, 0
	for _, err := range ReadFeed(os.DirFS(dir)) {
		if err != nil {
			t.Log(err)
			lost++
		} else {
			read++
		}
	}
	if read != 1 || lost != 3 {
		t.Errorf("%d events were read and %d lost, want 1 and 3", read, lost)
	}
	bad := 0
	for _, err := range ParseHashes(strings.NewReader("x,y\n\n" + strings.Repeat("a", 32) + "," + uuid(1) + "\n")) {
		if err != nil {
			bad++
		}
	}
	if bad != 1 {
		t.Errorf("%d lines of hashes were refused, want 1", bad)
	}
}
