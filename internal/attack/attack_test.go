package attack

import (
	"slices"
	"strings"
	"testing"
)

func TestTacticsFollowTheKillChain(t *testing.T) {
	var keys []string
	for _, tactic := range Enterprise().Tactics() {
		keys = append(keys, tactic.Key)
	}
	want := "reconnaissance resource-development initial-access execution persistence privilege-escalation " +
		"defense-evasion credential-access discovery lateral-movement collection command-and-control exfiltration impact"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("got %s", got)
	}
}

func TestSize(t *testing.T) {
	if n := Enterprise().Size("initial-access"); n != 22 {
		t.Errorf("initial access has %d techniques", n)
	}
	if n := Enterprise().Size("none"); n != 0 {
		t.Errorf("a tactic that is not has %d techniques", n)
	}
}

func TestTechnique(t *testing.T) {
	k := Enterprise()
	for _, c := range []struct{ ask, id, full, tactics string }{
		{"T1190", "T1190", "Exploit Public-Facing Application", "initial-access"},
		{"t1505.003", "T1505.003", "Server Software Component: Web Shell", "persistence"},
		{"T1078", "T1078", "Valid Accounts", "initial-access,persistence,privilege-escalation,defense-evasion"},
		{"T1086", "T1059.001", "Command and Scripting Interpreter: PowerShell", "execution"},              // revoked
		{"T1150", "T1647", "Plist File Modification", "defense-evasion"},                                  // revoked twice
		{"T1064", "T1064", "Scripting", "execution,defense-evasion"},                                      // deprecated, still named
		{"T1547.011", "T1647", "Plist File Modification", "defense-evasion"},                              // sub-technique revoked
		{"T1558.003", "T1558.003", "Steal or Forge Kerberos Tickets: Kerberoasting", "credential-access"}, // names of parent and child
		{"T1003.001", "T1003.001", "OS Credential Dumping: LSASS Memory", "credential-access"},
	} {
		got, ok := k.Technique(c.ask)
		if !ok || got.ID != c.id || k.FullName(got) != c.full || strings.Join(got.Tactics, ",") != c.tactics {
			t.Errorf("%s: %+v %q", c.ask, got, k.FullName(got))
		}
	}
	for _, id := range []string{"", "T", "T9999", "T1190.999", "TA0001", "G0125"} {
		if got, ok := k.Technique(id); ok || got.ID != "" {
			t.Errorf("%s: %+v", id, got)
		}
	}
}

func TestGroupAndSoftware(t *testing.T) {
	k := Enterprise()
	g, ok := k.Group("G0125")
	if !ok || g.Name != "HAFNIUM" || !slices.Contains(g.Aliases, "Silk Typhoon") ||
		!slices.Contains(g.Techniques, "T1505.003") || !slices.Contains(g.Software, "S0020") {
		t.Errorf("G0125: %+v", g)
	}
	s, ok := k.Software("s0002")
	if !ok || s.Name != "Mimikatz" || !s.Tool || !slices.Contains(s.Techniques, "T1003.001") {
		t.Errorf("S0002: %+v", s)
	}
	s, ok = k.Software("S0020")
	if !ok || s.Name != "China Chopper" || s.Tool {
		t.Errorf("S0020: %+v", s)
	}
}

func TestNamed(t *testing.T) {
	k := Enterprise()
	for name, want := range map[string]string{
		"hafnium":       "G0125",
		"Silk Typhoon":  "G0125",
		"Carbanak":      "G0008 S0030", // the group and its malware
		"Web Shell":     "T1505.003",
		"Steganography": "T1001.002 T1027.003",
		" PsExec ":      "S0029",
		"Nobody":        "",
	} {
		if got := strings.Join(k.Named(name), " "); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// TestObjects checks that facts lead to MITRE's own objects.
func TestObjects(t *testing.T) {
	k := Enterprise()
	g, _ := k.Group("G0125")
	if g.STIX != "intrusion-set--2688b13e-8e71-405a-9c40-0dee94bddf87" || g.Created != "2021-03-03T19:40:47.280Z" {
		t.Errorf("G0125: %+v", g.Object)
	}
	p, _ := k.Technique("T1505.003")
	s, _ := k.Software("S0002")
	if !strings.HasPrefix(p.STIX, "attack-pattern--") || !strings.HasPrefix(s.STIX, "tool--") {
		t.Errorf("%+v %+v", p.Object, s.Object)
	}
	for name, id := range k.Names() {
		var o Object
		switch id[0] {
		case 'T':
			o = k.techniques[id].Object
		case 'G':
			o = k.groups[id].Object
		case 'S':
			o = k.software[id].Object
		}
		if len(o.Created) != len("2021-03-03T19:40:47.280Z") || len(o.STIX) < 36 {
			t.Errorf("%s %s: %+v", id, name, o)
		}
	}
}

// TestKnowledgeHoldsTogether checks that every id that is referred to exists.
func TestKnowledgeHoldsTogether(t *testing.T) {
	k := Enterprise()
	if n := len(k.techniques); n != 703 { // 691 in the matrix and 12 deprecated
		t.Errorf("%d techniques", n)
	}
	keys := map[string]bool{}
	for _, tactic := range k.tactics {
		keys[tactic.Key] = true
	}
	for id, technique := range k.techniques {
		if technique.Parent != "" && k.techniques[technique.Parent] == nil {
			t.Errorf("%s: no parent", id)
		}
		if len(technique.Tactics) == 0 || slices.ContainsFunc(technique.Tactics, func(key string) bool { return !keys[key] }) {
			t.Errorf("%s: tactics %v", id, technique.Tactics)
		}
	}
	for id := range k.revoked {
		_, a := k.Technique(id)
		_, b := k.Group(id)
		_, c := k.Software(id)
		if !a && !b && !c {
			t.Errorf("%s was revoked and leads nowhere", id)
		}
	}
	for id, g := range k.groups {
		for _, s := range g.Software {
			if k.software[s] == nil {
				t.Errorf("%s uses %s, which is unknown", id, s)
			}
		}
		checkUses(t, k, id, g.Techniques)
	}
	for id, s := range k.software {
		checkUses(t, k, id, s.Techniques)
	}
}

func checkUses(t *testing.T, k *Knowledge, id string, techniques []string) {
	t.Helper()
	for _, u := range techniques {
		if k.techniques[u] == nil {
			t.Errorf("%s uses %s, which is unknown", id, u)
		}
	}
}

// TestNoticeStandsInTable holds the condition of MITRE's licence: a copy
// carries the copyright designation and the licence.
func TestNoticeStandsInTable(t *testing.T) {
	for _, s := range []string{Notice, "non-exclusive, royalty-free license"} {
		if !strings.Contains(table, s) {
			t.Errorf("the table lacks %q", s)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(table)))
	for b.Loop() {
		parse(table)
	}
}
