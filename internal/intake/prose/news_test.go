package prose

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

const news = "text/news-2021-07-19-allies.txt"

// TestNews holds what must be found in a news report, each with words of the
// sentence that says it.
func TestNews(t *testing.T) {
	d := load(t, news, Text)
	d.Published = time.Date(2021, 7, 19, 0, 0, 0, 0, time.UTC)
	said := Read(d, Options{})
	for _, want := range []struct {
		kind     Kind
		value    string
		roles    string // name=value, all of them
		mood     string
		sentence string
	}{
		{Incident, "Microsoft Exchange Server hack", "", "reported, announced", "formally accuse cyber actors affiliated to China's Ministry"},
		{Count, "30000", "quantifier=at least country=US about=Microsoft Exchange Server hack", "", "affected at least 30,000 US organizations including local governments"},
		{Sector, "government-local", "", "", "including local governments"},
		{Claim, "accuses", "by=US sponsor=Ministry of State Security incident=Microsoft Exchange Server hack", "announced", "formally accuse cyber actors"},
		{Claim, "sponsored-by", "sponsor=Ministry of State Security actor=criminal contract hackers state=CN", "reported", "including for their own personal profit"},
		{Claim, "attributed-to", "incident=Microsoft Exchange Server hack state=CN", "", "already attributed"},
		{Claim, "together", "member=US member=European Union member=GB member=AU member=CA member=NZ member=JP member=NATO", "reported", "were united against the threat"},
		{Claim, "accuses", "by=NATO", "reported", "the first time NATO has condemned"},
		{Claim, "accuses", "by=US whom=CN verb=accusing", "reported, hedged", "fierce condemnation of China"},
		{Crime, "extortion", "", "reported", "cyber-enabled extortion"},
		{Crime, "crypto-jacking", "", "reported", "crypto-jacking, and theft"},
		{Crime, "theft", "", "reported", "crypto-jacking, and theft"},
		{Crime, "ransomware", "", "", "prominent ransomware strikes"},
		{Organisation, "Kaseya", "as=company", "", "the software firm Kaseya"},
		{Count, "1500", "about=Kaseya", "", "which affected 1,500 businesses"},
		{Money, "350000000 USD", "for=payment", "reported", "a spike of 300 percent from 2019"},
		{Percentage, "300", "", "reported", "a spike of 300 percent from 2019"},
		{Money, "10000000 USD", "for=reward", "", "offered $10 million in rewards"},
		{Count, "50", "of=tactics, techniques and procedures", "reported, hedged, announced", "to reveal 50"},
		{Claim, "originates-from", "state=RU by=US officials", "reported", "many of the attacks originate in Russia"},
		{Claim, "denies", "by=RU deed=responsibility", "", "Russia denies responsibility."},
		{Organisation, "Department of Homeland Security", "", "reported", "according to the Department of Homeland Security"},
		{Date, "2021-07-19", "", "", "The United States on Monday led allies"},
		{Date, "2021-W28", "", "", "Last week, Washington offered"},
		{Date, "2020", "", "reported", "last year, a spike"},
		{Date, "2021-03", "", "reported, announced", "disclosed in March"},
	} {
		if !slices.ContainsFunc(said, func(s Statement) bool {
			return s.Kind == want.kind && s.Value == want.value && s.Mood.String() == want.mood &&
				strings.Contains(s.Sentence.In(d.Text), want.sentence) && hasRoles(&s, want.roles)
		}) {
			t.Errorf("not found: %s %s (%s) %s", want.kind, want.value, want.mood, want.roles)
		}
	}
}

// hasRoles reports whether s has all of some roles.
func hasRoles(s *Statement, roles string) bool {
	for _, r := range s.Roles {
		roles = strings.Replace(roles, r.Name+"="+r.Value, "", 1)
	}
	return strings.TrimSpace(roles) == ""
}

// TestNewsHasNothingElse holds that the headlines behind the article do not
// enter, and that Russia is named as the text names it: attacks are said to
// originate there, and it denies.
func TestNewsHasNothingElse(t *testing.T) {
	d := load(t, news, Text)
	end := strings.Index(d.Text, "\n-\n")
	for _, s := range Read(d, Options{}) {
		if s.Sentence.End > end {
			t.Errorf("behind the article: %s %q", s.Kind, s.In(d.Text))
		}
		for _, r := range s.Roles {
			if s.Kind == Claim && r.Value == "RU" && s.Value != "originates-from" && s.Value != "denies" {
				t.Errorf("%s of Russia: %q", s.Value, s.Sentence.In(d.Text))
			}
		}
		if s.Kind == Date && s.Value != "" && s.Value != "2019" {
			t.Errorf("%q is taken for %s though the day of the report is not known", s.In(d.Text), s.Value)
		}
	}
	var russia stix.ID
	for _, o := range drafts(t, d, Options{}) {
		if text(o, "name") == "Russia" && o.Type == "identity" {
			russia = o.ID
		}
	}
	for _, o := range drafts(t, d, Options{}) {
		if o.Type == "relationship" && (text(o, "target_ref") == string(russia) || text(o, "source_ref") == string(russia)) {
			t.Errorf("a relationship of Russia: %s", o.Raw())
		}
	}
}

// TestNewsDrafts holds what a reviewer of the news report gets.
func TestNewsDrafts(t *testing.T) {
	d := load(t, news, Text)
	objects := drafts(t, d, Options{})
	names := map[stix.ID]string{}
	var got []string
	for _, o := range objects {
		names[o.ID] = o.Type + " " + text(o, "name")
		got = append(got, names[o.ID])
	}
	for _, o := range objects {
		if o.Type == "relationship" {
			got = append(got, names[stix.ID(text(o, "source_ref"))]+" "+text(o, "relationship_type")+" "+names[stix.ID(text(o, "target_ref"))])
		}
	}
	for _, want := range []string{
		"report US, allies condemn China for 'malicious' cyber activity: US official",
		"campaign Microsoft Exchange Server hack",
		"identity Ministry of State Security",
		"identity United States", "identity European Union", "identity United Kingdom", "identity Australia", "identity Canada",
		"identity New Zealand", "identity Japan", "identity NATO",
		"threat-actor cyber actors affiliated to China's Ministry of State Security attributed-to identity Ministry of State Security",
		"campaign Microsoft Exchange Server hack attributed-to threat-actor cyber actors affiliated to China's Ministry of State Security",
		"campaign Microsoft Exchange Server hack targets location United States",
		"campaign Microsoft Exchange Server hack targets identity government-local",
		"identity Kaseya",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(got, "\n"))
	}
}
