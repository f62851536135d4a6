package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun judges two reports whose scores can be counted by hand.
func TestRun(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		// T1055.012 is labelled and found by name, T1003.001 labelled and found by a
		// phrase, T1190 found by its id and not labelled here.
		"a.mjson": `{"signal":"Ünder T1190. It used process hollowing. It read lsass.","asets":[
			{"type":"Process Hollowing (T1055.012)","annots":[[21,38,""]]},
			{"type":"LSASS Memory (T1003.001)","annots":[[40,54,""]]}]}`,
		// T1190 is labelled and missed.
		"b.mjson": `{"signal":"They broke in. See 203.0.113[.]7 and CVE-2021-26855.","asets":[
			{"type":"lex","annots":[[0,4]]},
			{"type":"Exploit Public-Facing Application (T1190)","annots":[[0,13,""]]}]}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := run(&out, folder); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 reports, 3 labels of 3 techniques",
		"explicit ids            precision   0.0% (0/1)",
		"ids and names           precision  50.0% (1/2)      recall  33.3% (1/3)",
		"ids, names and phrases  precision  66.7% (2/3)      recall  66.7% (2/3)",
		"addresses  precision 100.0% (1/1)      recall 100.0% (1/1)",
		"CVEs       precision 100.0% (1/1)      recall 100.0% (1/1)",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if err := run(&out, t.TempDir()); err == nil {
		t.Error("an empty folder is no error")
	}
}
