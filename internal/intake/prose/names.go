package prose

import (
	"strings"
	"sync"
	"unicode"

	"github.com/tocsin-project/tocsin/internal/attack"
)

// english returns the lexicon that knows ATT&CK and English.
var english = sync.OnceValue(func() *lexicon { return newLexicon(nil) })

// lexiconWith returns the lexicon with more names.
func lexiconWith(names []Name) *lexicon {
	if len(names) == 0 {
		return english()
	}
	return newLexicon(names)
}

func newLexicon(names []Name) *lexicon {
	l := &lexicon{words: map[string]int32{}, steps: map[uint64]int32{}, terms: make([][]term, 1)}
	for _, g := range grammar {
		l.classify(g.class, g.words)
	}
	k := attack.Enterprise()
	for name, id := range k.Names() {
		l.addAttack(k, name, id)
	}
	l.addActors(k)
	for _, n := range names {
		l.add(term{kind: n.Kind, rule: foreignRule(k, n.Text), text: n.Text, cand: n.Candidate})
	}
	l.addPhrases()
	l.addPlaces()
	l.addServices()
	l.addSubjects()
	return l
}

// addAttack adds a name that ATT&CK has.
func (l *lexicon) addAttack(k *attack.Knowledge, name, id string) {
	name = strings.TrimSuffix(name, " (Group)")
	t := term{text: name, rule: nameRule(name)}
	switch id[0] {
	case 'T':
		x, _ := k.Technique(id)
		if x.Deprecated {
			return
		}
		t.kind, t.cand = Technique, Candidate{id, k.FullName(x)}
		if t.rule = techniqueRule(name); t.rule == never {
			return
		}
	case 'G':
		g, _ := k.Group(id)
		t.kind, t.cand = Actor, Candidate{id, g.Name}
	default:
		s, _ := k.Software(id)
		t.kind, t.cand = Software, Candidate{id, s.Name}
	}
	l.add(t)
	// A group is often called without the word that its name ends with.
	for _, word := range [...]string{" Group", " Team"} {
		if short, ok := strings.CutSuffix(name, word); ok && t.kind == Actor && len(short) > 5 && !strings.Contains(short, " ") && !isWary(short) && !isPlaceName(short) {
			t.text, t.rule = short, nameRule(short)
			l.add(t)
		}
	}
}

// nameRule says how a name of an actor or software must be written.
func nameRule(name string) rule {
	switch {
	case isWary(name):
		return wary
	case strings.Contains(name, " "):
		return capital
	case len(name) < 5:
		return capital
	}
	return whole
}

// isDistinct reports whether a name cannot be taken for a word: it has
// several words, a digit, or a capital or sign within.
func isDistinct(name string) bool {
	for i, r := range name {
		if i > 0 && (unicode.IsUpper(r) || !unicode.IsLetter(r)) {
			return strings.ToUpper(name) != name || strings.ContainsAny(name, "0123456789 -_")
		}
	}
	return false
}

func isWary(name string) bool { return waryNames[strings.ToLower(name)] }

func isPlaceName(name string) bool { return strings.EqualFold(name, "beijing") }

// waryNames are names of actors and software that are words of English, names
// of people or of commands, so that they mean the actor or the software only
// where a word beside them says so.
var waryNames = setOf(` agenda akira anchor andromeda apostle armageddon arp at attrib aurora avenger axiom
	bazar bitter biscuit bookworm boombox buckeye bumblebee calendar calisto cannon canopy carbon chaos chimera
	chopstick chromium cicada cleaver cmd cobalt comment conti covenant crimson crutch cuba deadwood denis
	disco dok donut dragonfly driftwood elfin elise elmer embargo emissary empire epic equation expand
	explosive ferocious flame flipside frankenstein frp ftp goldeneye griffon havoc hildegard
	hangover honeybee inception iridium james kessel kevin kido krypton leviathan lucifer lurid lv lyceum machete mafalda mango mantis
	manganese maze medusa meek mercury meteor milan mirage monsoon mori mosquito mythic nebulae
	net newscaster nickel nightclub ninja octopus pacemaker page pandora patchwork peppy phosphorus photo ping
	pitstop platinum play plead plutonium pony poseidon potassium powerless prestige proton ps1 radium raindrop ramsay
	rancor rattlesnake reaper reaver reg reptile responder riptide route rover royal ruler samas samurai sardonic scorpion
	 shark sharpshooter sidewinder silence silicon skid sliver snake solar soldier soundbite spaceship spark spica 
	springtail strider sunspot supernova swallowtail tantalum teardrop tick trailblazer trinity
	triton uppercut vermin viper warzone wildcard windshield wiper zinc zipline
	covenant aria-body calisto dyre epic axiom james `)
