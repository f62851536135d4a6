package prose

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// A saying is a statement that a sentence makes: kind, value and roles.
type saying struct {
	kind  Kind
	value string
	mood  string
	roles string // name=value, separated by "; "
}

// TestSayings holds what sentences say and do not say. The report is of
// Monday, 19 July 2021.
func TestSayings(t *testing.T) {
	for _, c := range []struct {
		text string
		want []saying
		not  []saying // mood and roles are not compared when empty
	}{
		// Denials, negations and hedges never become plain assertions.
		{
			"The attack was not attributed to Russia.",
			[]saying{{Claim, "attributed-to", "negated", "state=RU"}},
			[]saying{{Claim, "attributed-to", "plain", ""}},
		},
		{
			"Iran denied that it was behind the SolarWinds compromise.",
			[]saying{
				{Claim, "denies", "", "by=IR; incident=SolarWinds compromise"},
				{Incident, "SolarWinds compromise", "denied", ""},
			},
			[]saying{{Claim, "accuses", "", ""}, {Incident, "SolarWinds compromise", "plain", ""}},
		},
		{
			"Officials declined to blame Iran for the Colonial Pipeline ransomware attack.",
			[]saying{{Claim, "accuses", "negated", "whom=IR"}},
			[]saying{{Claim, "accuses", "plain", ""}},
		},
		{
			"There is no evidence that North Korea stole $3 million.",
			[]saying{{Money, "3000000 USD", "negated", "for=loss"}},
			[]saying{{Claim, "accuses", "", ""}, {Claim, "sponsored-by", "", ""}},
		},
		{
			"Did Russia hack the election?",
			[]saying{{Country, "RU", "asked", "as=state"}},
			[]saying{{Incident, "Did Russia hack", "", ""}, {Claim, "accuses", "", ""}},
		},
		{
			"The hackers allegedly linked to Iran's Islamic Revolutionary Guard Corps hit 12 hospitals.",
			[]saying{
				{Claim, "sponsored-by", "hedged", "sponsor=Islamic Revolutionary Guard Corps"},
				{Count, "12", "hedged", "of=hospitals"},
				{Sector, "healthcare", "hedged", ""},
			},
			[]saying{{Claim, "sponsored-by", "plain", ""}},
		},
		{"The Kremlin dismissed the allegations.", []saying{{Claim, "denies", "", "by=RU; deed=the allegations"}}, nil},
		{"He charged the battery of the US drone.", nil, []saying{{Claim, "accuses", "", ""}}},
		{"It is a denial of service attack.", []saying{{Crime, "denial of service", "", ""}}, []saying{{Claim, "denies", "", ""}}},

		// Who says what of whom.
		{
			"Germany and France accused Moscow of espionage.",
			[]saying{{Claim, "accuses", "", "by=DE; by=FR; whom=RU; deed=espionage"}, {Crime, "espionage", "reported", ""}},
			nil,
		},
		{
			"North Korea was accused by the United States of stealing $620 million in cryptocurrency.",
			[]saying{{Claim, "accuses", "", "whom=KP; by=US"}, {Money, "620000000 USD", "reported", "for=loss"}},
			[]saying{{Claim, "accuses", "", "by=KP"}},
		},
		{
			"Poland, Latvia, Lithuania and Estonia attributed the attacks to the Belarusian group Ghostwriter.",
			[]saying{
				{Claim, "attributed-to", "", "by=PL; by=LV; by=LT; by=EE; state=BY; what=the attacks"},
				{Claim, "together", "", "member=PL; member=LV; member=LT; member=EE"},
			},
			nil,
		},
		{
			"Microsoft attributed the campaign to a group it calls Midnight Blizzard.",
			[]saying{{Claim, "attributed-to", "", "actor=Midnight Blizzard"}, {Actor, "Midnight Blizzard", "reported", ""}},
			nil,
		},
		{
			"The state-sponsored group read our report and a plan.",
			[]saying{},
			[]saying{{Claim, "sponsored-by", "", ""}},
		},
		{
			"Officials are aware of reports that 20 hospitals were hit.",
			[]saying{{Count, "20", "reported", "of=hospitals"}},
			nil,
		},
		{
			"Many scans stem from Brazil.",
			[]saying{{Claim, "originates-from", "", "what=Many scans; state=BR"}},
			nil,
		},

		{
			"Turkey, Israel, Iraq and Pakistan are among the top targets of MuddyWater.",
			[]saying{{Actor, "MuddyWater", "", ""}},
			[]saying{{Claim, "together", "", ""}},
		},
		{"It sets the hidden attribute in file explorer to the ProgramData folder.", nil, []saying{{Claim, "attributed-to", "", ""}}},
		{
			"Chinese MSS-affiliated actors did it.",
			[]saying{{Claim, "sponsored-by", "", "sponsor=Ministry of State Security; state=CN; actor=Chinese MSS-affiliated actors"}},
			nil,
		},

		// Incidents have names of their own.
		{
			"The CrowdStrike incident response team saw the Qakbot campaign and a ROP attack, a Brute Force attack and the March attack.",
			[]saying{{Incident, "Qakbot campaign", "", ""}},
			[]saying{{Incident, "CrowdStrike incident", "", ""}, {Incident, "ROP attack", "", ""}, {Incident, "Brute Force attack", "", ""}, {Incident, "March attack", "", ""}},
		},
		{"Victims of Operation Aurora met.", []saying{{Incident, "Operation Aurora", "", ""}}, nil},
		{"The .NET framework, at command and control, at hackers.", nil, []saying{{Software, "NET", "", ""}, {Software, "at", "", ""}}},

		// Bodies by their abbreviation, once the text has said it.
		{
			"The Ministry of Digital Affairs (MDA) warned. Later the MDA rejected the claim.",
			[]saying{
				{Organisation, "Ministry of Digital Affairs", "reported", "as=government body"},
				{Claim, "denies", "", "by=Ministry of Digital Affairs"},
			},
			nil,
		},
		{"They use Microsoft Office and the Volume Shadow Copy Service.", nil, []saying{{Organisation, "Microsoft Office", "", ""}, {Organisation, "Volume Shadow Copy Service", "", ""}}},

		// Numbers.
		{
			"The company said at most 2.5 million customers were affected by the Equifax data breach.",
			[]saying{{Count, "2500000", "reported", "quantifier=at most; of=customers; about=Equifax data breach"}},
			nil,
		},
		{"About two dozen victims paid.", []saying{{Count, "24", "", "of=victims; quantifier=About"}}, nil},
		{"Hundreds of servers were infected.", []saying{{Count, "", "", "of=servers"}}, nil},
		{"It cost €3.4 million, or 12.5% of sales.", []saying{{Money, "3400000 EUR", "", "for=loss"}, {Percentage, "12.5", "", ""}}, nil},
		{"The gang was paid 75 bitcoin.", []saying{{Money, "75 BTC", "", "for=payment"}}, nil},
		{"Version 10.2.3 of the software, call 443-634-0721, 2020 servers.", nil, []saying{{Count, "", "", ""}, {Count, "2020", "", ""}, {Count, "3", "", ""}}},

		// Dates, and words that only look like them.
		{
			"In May 2021, on Tuesday, on 2 March 2021, on June 4, last month and in 2019.",
			[]saying{
				{Date, "2021-05", "", ""},
				{Date, "2021-07-13", "", ""},
				{Date, "2021-03-02", "", ""},
				{Date, "2021-06-04", "", ""},
				{Date, "2021-06", "", ""},
				{Date, "2019", "", ""},
			},
			nil,
		},
		{"They may march on.", nil, []saying{{Date, "", "", ""}, {Date, "2021-05", "", ""}, {Date, "2021-03", "", ""}}},
		{"On 31 February 2021 nothing happened.", nil, []saying{{Date, "2021-02-31", "", ""}, {Date, "2021-03-03", "", ""}}},

		// Names that are words.
		{
			"On page 4 we play at the net. Page two has a route, and 22 pages have chaos.",
			nil,
			[]saying{{Actor, "", "", ""}, {Software, "", "", ""}, {Software, "net", "", ""}, {Software, "at", "", ""}, {Software, "Page", "", ""}, {Actor, "Play", "", ""}},
		},
		{
			"The Play ransomware gang is new. Play demanded money with Net (S0039).",
			[]saying{{Actor, "Play", "", ""}, {Software, "Net", "", ""}},
			nil,
		},
		{"Turkey and Georgia met us; us two.", []saying{{Country, "TR", "", ""}, {Country, "GE", "", ""}}, []saying{{Country, "US", "", ""}}},
		{"A turkey from china was polish.", nil, []saying{{Country, "TR", "", ""}, {Country, "CN", "", ""}, {Country, "PL", "", ""}}},
		{
			"Attackers used process hollowing, web shells and Scheduled Tasks, T1059.\n003 and T1-\n190.",
			[]saying{
				{Technique, "T1055.012", "", ""},
				{Technique, "T1505.003", "", ""},
				{Technique, "T1053.005", "", ""},
				{Technique, "T1059.003", "", ""},
				{Technique, "T1190", "", ""},
			},
			nil,
		},
		{"The tool is a proxy server; software at the source.", nil, []saying{{Technique, "T1090", "", ""}, {Technique, "Server", "", ""}, {Software, "at", "", ""}}},
	} {
		d := &Document{Text: c.text, Published: time.Date(2021, 7, 19, 0, 0, 0, 0, time.UTC)}
		said := Read(d, Options{})
		for _, w := range c.want {
			if !slices.ContainsFunc(said, func(s Statement) bool { return w.fits(&s) && s.Mood.String() == w.mood }) {
				t.Errorf("%q: not found: %+v", c.text, w)
			}
		}
		for _, w := range c.not {
			if slices.ContainsFunc(said, func(s Statement) bool {
				return w.fits(&s) && (w.mood == "" || w.mood == "plain" && s.Mood == 0)
			}) {
				t.Errorf("%q: found: %+v", c.text, w)
			}
		}
		if t.Failed() {
			for _, s := range said {
				t.Logf("%s %s %q (%s) %+v", s.Kind, s.Value, s.In(d.Text), s.Mood, s.Roles)
			}
			break
		}
		drafts(t, d, Options{})
	}
}

// fits reports whether s is of the kind, the value and the roles of w.
func (w saying) fits(s *Statement) bool {
	if s.Kind != w.kind || s.Value != w.value {
		return false
	}
	for role := range strings.SplitSeq(w.roles, "; ") {
		name, value, ok := strings.Cut(role, "=")
		if ok && !slices.ContainsFunc(s.Roles, func(r Role) bool { return r.Name == name && r.Value == value }) {
			return false
		}
	}
	return true
}

// TestArticleEnd holds what is taken for headlines of other articles.
func TestArticleEnd(t *testing.T) {
	const article = "The gang hit five towns. It asked for money.\nNobody paid.\n"
	for _, c := range []struct{ name, tail string }{
		{"signs of list items between", "-\nMayor of Springfield resigns over budget\n-\nWhy is bread so expensive this winter?\n-\nTwo killed in crash on the coast road\n"},
		{"list items", "- Mayor of Springfield resigns over budget\n- Why is bread so expensive this winter?\n- Two killed in crash on the coast road\n"},
		{"empty lines between", "\nMayor of Springfield resigns over budget\n\nWhy is bread so expensive this winter?\n\nTwo killed in crash on the coast road\n"},
		{"a heading that says so", "Read more\n\nMayor of Springfield resigns over budget\n"},
	} {
		text := article + c.tail
		if got := text[:articleEnd(text, lines(text))]; strings.TrimSpace(got) != strings.TrimSpace(article) {
			t.Errorf("%s: the article is %q", c.name, got)
		}
	}
	for _, c := range []struct{ name, tail string }{
		{"advice", "What to do:\n- Keep all servers of the town hall patched\n- Ask the police before anybody pays\n- Tell the neighbours what was seen here\n"},
		{"advice under a heading", "Recommendations\n\n- Keep all servers of the town hall patched\n- Ask the police before anybody pays\n- Tell the neighbours what was seen here\n"},
		{"indicators", "- The file evil.exe with a hash\n- The address 203.0.113.7 in France\n- The host cdn.example.com of theirs\n"},
		{"too few", "- Mayor of Springfield resigns over budget\n- Why is bread so expensive this winter?\n"},
		{"sentences", "- The mayor of Springfield has resigned.\n- Bread is expensive this winter.\n- Two people died in a crash.\n"},
	} {
		text := article + c.tail
		if got := articleEnd(text, lines(text)); got != len(text) {
			t.Errorf("%s: cut is %q", c.name, text[got:])
		}
	}
}
