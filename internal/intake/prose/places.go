package prose

import (
	_ "embed"
	"strings"
)

// countriesTable has a country a line: its code in ISO 3166-1, its names and
// abbreviations, what is said of its people and things.
//
//go:embed countries.tsv
var countriesTable string

// capitals are cities and houses that reports name when they mean the
// government that sits there.
const capitals = `US Washington;White House;Pentagon;Capitol Hill|CN Beijing;Zhongnanhai|RU Moscow;Kremlin|
	GB London;Whitehall;Downing Street|IR Tehran|KP Pyongyang|KR Seoul|JP Tokyo|UA Kyiv;Kiev|IL Jerusalem|
	AU Canberra|NZ Wellington|CA Ottawa|DE Berlin|FR Paris;Elysée|BY Minsk|SY Damascus|TW Taipei|IN New Delhi|PK Islamabad|VN Hanoi`

// alliances are organisations of states, by their names.
const alliances = `European Union;EU;E.U.|NATO;North Atlantic Treaty Organization;North Atlantic Treaty Organisation;North Atlantic Alliance|
	United Nations;UN;U.N.|Five Eyes|G7;Group of Seven|G20|ASEAN;Association of Southeast Asian Nations|African Union|
	OSCE;Organization for Security and Co-operation in Europe|Council of Europe|European Commission|Interpol;INTERPOL|Europol;EUROPOL|
	OECD|Organization of American States|Shanghai Cooperation Organisation|Counter Ransomware Initiative`

// services are government bodies that texts call by their abbreviation without
// saying what it stands for.
const services = `US FBI Federal Bureau of Investigation|US NSA National Security Agency|US CIA Central Intelligence Agency|
	US CISA Cybersecurity and Infrastructure Security Agency|US DHS Department of Homeland Security|US DOJ Department of Justice|
	GB GCHQ Government Communications Headquarters|CN MSS Ministry of State Security|CN PLA People's Liberation Army|
	RU GRU Main Intelligence Directorate|RU FSB Federal Security Service|RU SVR Foreign Intelligence Service|
	IR IRGC Islamic Revolutionary Guard Corps|IR MOIS Ministry of Intelligence and Security|KP RGB Reconnaissance General Bureau|
	DE BSI Bundesamt für Sicherheit in der Informationstechnik`

// addPlaces adds countries, capitals and alliances.
func (l *lexicon) addPlaces() {
	for row := range strings.Lines(countriesTable) {
		cells := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		if len(cells) != 3 {
			continue
		}
		names := strings.Split(cells[1], ";")
		for _, name := range names {
			l.addPlace(cells[0], names[0], name, "state")
		}
		for _, name := range strings.Split(cells[2], ";") {
			l.addPlace(cells[0], names[0], name, "of")
		}
	}
	for entry := range strings.SplitSeq(capitals, "|") {
		code, names, _ := strings.Cut(strings.TrimSpace(entry), " ")
		for name := range strings.SplitSeq(names, ";") {
			l.addPlace(code, countryName(code), name, "capital")
		}
	}
	for entry := range strings.SplitSeq(alliances, "|") {
		names := strings.Split(strings.TrimSpace(entry), ";")
		for _, name := range names {
			t := term{kind: Organisation, rule: capital, text: name, value: "alliance", cand: Candidate{"", names[0]}}
			if name == strings.ToUpper(name) {
				t.rule = exact
			}
			l.add(t)
		}
	}
}

// addServices adds the government bodies with an abbreviation.
func (l *lexicon) addServices() {
	for entry := range strings.SplitSeq(services, "|") {
		code, rest, _ := strings.Cut(strings.TrimSpace(entry), " ")
		short, name, _ := strings.Cut(rest, " ")
		l.add(term{kind: Organisation, rule: exact, text: short, value: "body", cand: Candidate{code, name}})
	}
}

// addPlace adds a name of a country; form says whether it is the state, its
// capital, or a word for what is of it.
func (l *lexicon) addPlace(code, chief, name, form string) {
	if name == "" {
		return
	}
	t := term{kind: Country, rule: capital, text: name, value: form, cand: Candidate{code, chief}}
	if name == strings.ToUpper(name) {
		t.rule = exact
	}
	l.add(t)
}

// countryName returns the chief name of a country by its code, "" for none.
func countryName(code string) string {
	_, row, ok := strings.Cut("\n"+countriesTable, "\n"+code+"\t")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(row, "\t")
	name, _, _ = strings.Cut(name, ";")
	return name
}
