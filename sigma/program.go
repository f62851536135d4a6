package sigma

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// A program is the rules of one class of events, compiled: leaves that rules
// share, the conditions over them, and for each field an index of the
// literals that make a rule worth evaluating.
type program struct {
	rules    []int32 // index in the Set, ascending
	roots    []int32 // by rule of the program: node of its condition
	nodes    []node
	leaves   []leaf
	slots    []event.ID // the fields that leaves read; 0 is the whole record
	index    []index
	always   []int32 // rules without a witness
	machines int32   // how many leaves are expressions
}

// A node is an operator over nodes, or one leaf.
type node struct {
	op   nodeOp
	leaf int32
	kids []int32
}

type nodeOp uint8

const (
	leafNode nodeOp = iota
	andNode
	orNode
	notNode
)

// An index finds the witnesses of one field: rules[i] are the rules to
// evaluate when literal i was found.
type index struct {
	id    event.ID // 0 is the whole record
	slot  int32
	set   *literals
	rules [][]int32
}

// compiler builds a program. A leaf's key is its canonical text, so that
// rules which test the same thing share the answer.
type compiler struct {
	program
	names  *event.Names
	slot   map[event.ID]int32
	leafOf map[string]int32
	pool   expressions
	uses   map[witness]int
}

// expressions are the compiled regular expressions that programs of one Set
// share, by their source.
type expressions map[string]*regexp.Regexp

// witness is one literal of one field that, when found, makes a rule a candidate.
type witness struct {
	slot  int32
	text  string
	where where
}

// compileProgram compiles the rules at the given indexes of all. They come
// from Load, which has refused what cannot be compiled; should one slip
// through, it never matches.
func compileProgram(all []*Rule, which []int32, names *event.Names, pool expressions) *program {
	c := &compiler{names: names, slot: map[event.ID]int32{}, leafOf: map[string]int32{}, pool: pool, uses: map[witness]int{}}
	c.rules = which
	for _, n := range which {
		c.roots = append(c.roots, c.node(all[n].Detection))
	}
	c.buildIndex()
	return &c.program
}

func (c *compiler) add(n node) int32 {
	c.nodes = append(c.nodes, n)
	return int32(len(c.nodes) - 1)
}

func (c *compiler) node(x Expr) int32 {
	switch x := x.(type) {
	case And:
		return c.group(andNode, x, nil)
	case Or:
		rest, texts := splitTexts(x)
		return c.group(orNode, rest, texts)
	case Not:
		return c.add(node{op: notNode, kids: []int32{c.node(x.X)}})
	case *Atom:
		if x.Op == Match {
			return c.textLeaf([]*Atom{x})
		}
		return c.atomLeaf(x)
	}
	return c.leafNode(leaf{kind: never})
}

// group makes a node of members, the cheap ones first. Each of texts becomes
// one member.
func (c *compiler) group(op nodeOp, members []Expr, texts [][]*Atom) int32 {
	kids := make([]int32, 0, len(members)+len(texts))
	for _, x := range members {
		kids = append(kids, c.node(x))
	}
	for _, atoms := range texts {
		kids = append(kids, c.textLeaf(atoms))
	}
	slices.SortStableFunc(kids, func(a, b int32) int { return c.effort(a) - c.effort(b) })
	return c.add(node{op: op, kids: kids})
}

func (c *compiler) effort(n int32) int {
	nd := &c.nodes[n]
	if nd.op != leafNode {
		sum := 1
		for _, k := range nd.kids {
			sum += c.effort(k)
		}
		return sum
	}
	switch l := &c.leaves[nd.leaf]; l.kind {
	case texts:
		if l.many != nil || len(l.globs) > 0 {
			return 12
		}
		return 1 + 2*len(l.list)
	case expression:
		return 100
	}
	return 4
}

// splitTexts takes the Match atoms out of an Or, flattened, grouped by field
// and case: each group becomes one leaf.
func splitTexts(x Or) (rest []Expr, groups [][]*Atom) {
	type key struct {
		field string
		cased bool
	}
	at := map[key]int{}
	var walk func(Or)
	walk = func(x Or) {
		for _, kid := range x {
			switch kid := kid.(type) {
			case Or:
				walk(kid)
				continue
			case *Atom:
				if kid.Op == Match {
					k := key{kid.Field, kid.Cased}
					i, ok := at[k]
					if !ok {
						i = len(groups)
						at[k] = i
						groups = append(groups, nil)
					}
					groups[i] = append(groups[i], kid)
					continue
				}
			}
			rest = append(rest, kid)
		}
	}
	walk(x)
	return rest, groups
}

// slotOf returns the slot of a field; the empty name is the whole record.
func (c *compiler) slotOf(field string) int32 {
	id := event.ID(0)
	if field != "" {
		if id = c.names.LookupString(field); id == 0 {
			id = missing // never interned: no event can have it
		}
	}
	n, ok := c.slot[id]
	if !ok {
		n = int32(len(c.slots))
		c.slot[id] = n
		c.slots = append(c.slots, id)
	}
	return n
}

// textLeaf makes one leaf of Match atoms that share a field and case.
func (c *compiler) textLeaf(atoms []*Atom) int32 {
	l := leaf{kind: texts, cased: atoms[0].Cased, slot: c.slotOf(atoms[0].Field)}
	keyword := atoms[0].Field == ""
	for _, a := range atoms {
		p := a.Pattern
		if !l.cased {
			p = p.folded()
		}
		lit, ok := p.simple()
		switch {
		case !ok && keyword:
			l.globs = append(l.globs, slices.Concat(Pattern{{Kind: Any}}, p, Pattern{{Kind: Any}}))
		case !ok:
			l.globs = append(l.globs, p)
		case lit.text == "" && lit.where != equal:
			l.any = true
		case keyword: // a keyword stands anywhere in the record (Sigma 2.1.0, "Keywords")
			l.list = append(l.list, newLiteral(lit.text, contained))
		default:
			l.list = append(l.list, lit)
		}
	}
	if len(l.list) > fewLiterals {
		l.many = newLiterals(l.list)
	}
	return c.leafNode(l)
}

func (c *compiler) atomLeaf(a *Atom) int32 {
	l := leaf{slot: c.slotOf(a.Field), op: a.Op, number: a.Number, cased: a.Cased}
	switch a.Op {
	case Regexp:
		re, err := c.pool.compile(a.Text)
		if err != nil {
			return c.leafNode(leaf{kind: never})
		}
		l.kind, l.re, l.needs = expression, re, required(a.Text)
		for _, t := range l.needs.any {
			l.list = append(l.list, newLiteral(t, contained))
		}
		if len(l.list) > fewLiterals {
			l.many = newLiterals(l.list)
		}
	case CIDR:
		prefix, err := netip.ParsePrefix(a.Text)
		if err != nil {
			return c.leafNode(leaf{kind: never})
		}
		l.kind, l.prefix = network, prefix
	case Lt, Lte, Gt, Gte:
		l.kind = number
	case Minute, Hour, Day, Week, Month, Year:
		l.kind = calendar
	case Exists:
		l.kind, l.want = present, a.Want
	case IsNull:
		l.kind = null
	case FieldMatch:
		l.kind, l.ref, l.relation = reference, c.slotOf(a.Ref), a.Pattern
	default:
		l = leaf{kind: never}
	}
	return c.leafNode(l)
}

func (p expressions) compile(source string) (*regexp.Regexp, error) {
	if re, ok := p[source]; ok {
		return re, nil
	}
	re, err := regexp.Compile(source)
	if err == nil {
		p[source] = re
	}
	return re, err
}

// leafNode adds l, or finds the leaf that tests the same.
func (c *compiler) leafNode(l leaf) int32 {
	key := l.key()
	n, ok := c.leafOf[key]
	if !ok {
		n = int32(len(c.leaves))
		c.leafOf[key] = n
		if l.kind == expression {
			l.machine = c.machines
			c.machines++
		}
		c.leaves = append(c.leaves, l)
	}
	return c.add(node{op: leafNode, leaf: n})
}

// key is a text that two leaves share exactly when they test the same.
func (l *leaf) key() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %t %d %d %t %t %d %v %s %v\x00", l.kind, l.cased, l.slot, l.ref, l.want, l.any, l.op, l.number, l.prefix, l.relation)
	if l.re != nil {
		b.WriteString(l.re.String())
		return b.String()
	}
	for _, x := range l.list {
		fmt.Fprintf(&b, "%d %d %s", x.where, len(x.text), x.text)
	}
	for _, g := range l.globs {
		fmt.Fprintf(&b, "\x00%v", g)
	}
	return b.String()
}

// buildIndex chooses each rule's witnesses and files them by field.
func (c *compiler) buildIndex() {
	for _, root := range c.roots {
		seen := map[witness]bool{}
		c.countUses(root, seen)
		for w := range seen {
			c.uses[w]++
		}
	}
	type filed struct {
		list  []literal
		rules [][]int32
		at    map[witness]int
	}
	bySlot := make([]*filed, len(c.slots))
	for r, root := range c.roots {
		set, cost := c.witnesses(root)
		if math.IsInf(cost, 1) {
			c.always = append(c.always, int32(r))
			continue
		}
		for _, w := range set {
			f := bySlot[w.slot]
			if f == nil {
				f = &filed{at: map[witness]int{}}
				bySlot[w.slot] = f
			}
			i, ok := f.at[w]
			if !ok {
				i = len(f.list)
				f.at[w] = i
				f.list = append(f.list, newLiteral(w.text, w.where))
				f.rules = append(f.rules, nil)
			}
			if rs := f.rules[i]; len(rs) == 0 || rs[len(rs)-1] != int32(r) {
				f.rules[i] = append(rs, int32(r))
			}
		}
	}
	for slot, f := range bySlot {
		if f != nil {
			c.index = append(c.index, index{c.slots[slot], int32(slot), newLiterals(f.list), f.rules})
		}
	}
}

func (c *compiler) countUses(n int32, seen map[witness]bool) {
	nd := &c.nodes[n]
	for _, k := range nd.kids {
		c.countUses(k, seen)
	}
	if nd.op == leafNode {
		set, _ := c.leafWitnesses(&c.leaves[nd.leaf])
		for _, w := range set {
			seen[w] = true
		}
	}
}

// witnesses returns literals of which at least one is found whenever node n
// holds, and the expected cost of looking when one is; +Inf when there is no
// such set.
func (c *compiler) witnesses(n int32) ([]witness, float64) {
	nd := &c.nodes[n]
	switch nd.op {
	case leafNode:
		set, ok := c.leafWitnesses(&c.leaves[nd.leaf])
		if !ok {
			return nil, math.Inf(1)
		}
		cost := 0.0
		for _, w := range set {
			cost += c.cost(w)
		}
		return set, cost
	case andNode:
		var best []witness
		least := math.Inf(1)
		for _, k := range nd.kids {
			if set, cost := c.witnesses(k); cost < least {
				best, least = set, cost
			}
		}
		return best, least
	case orNode:
		var all []witness
		sum := 0.0
		for _, k := range nd.kids {
			set, cost := c.witnesses(k)
			sum += cost
			all = append(all, set...)
		}
		return all, sum
	}
	return nil, math.Inf(1)
}

// everyday says of how many in a thousand records of ordinary machines some
// texts are found in the field that rules look for them in.
var everyday = func() map[string]float64 {
	m := map[string]float64{}
	for often, texts := range map[float64][]string{
		1000: {".exe", ".dll", `c:\`, `\`, "-", `c:\windows`, `c:\windows\`, `:\windows\`, `\windows\`, "microsoft corporation", "get", "200"},
		600: {
			`c:\windows\system32\`, `:\windows\system32\`, `\windows\system32\`, `\system32\`, `\system32`, "system32", "microsoft® windows® operating system",
			"true", "false", "system", "0x3e7", "0x0", "medium", `\users\`, `:\users\`, `c:\users\`,
		},
		250: {
			`\svchost.exe`, `c:\windows\system32\svchost.exe`, `c:\windows\system32\services.exe`, "high", "low", "post", `\explorer.exe`, `c:\windows\explorer.exe`, `\services.exe`, `\msedge.exe`, `\chrome.exe`, "user", "service", "name", ` c:\`, ".txt", ".dat", "root", "time", "process", "update",
			`\appdata\`, `\appdata\local\`, `\appdata\local\temp\`, `c:\windows\temp\`, `\temp\`, `\documents\`, `c:\programdata\`, `:\programdata\`, `\programdata\`,
			`c:\program files\`, `c:\program files (x86)\`, `\program files\`, `\program files (x86)\`,
		},
		100: {`\conhost.exe`, `\dllhost.exe`, `\taskhostw.exe`, `\runtimebroker.exe`, `\wmiprvse.exe`, `\cmd.exe`, "-embedding"},
		40:  {`\powershell.exe`, `\rundll32.exe`, `\msiexec.exe`, `\net.exe`},
	} {
		for _, text := range texts {
			m[text] = often
		}
	}
	return m
}()

// cost guesses of how many in a thousand records w is found where its rule
// does not match: literals that many rules use are common, short ones are
// found everywhere.
func (c *compiler) cost(w witness) float64 {
	uses, n := float64(c.uses[w]), float64(len(w.text))
	if often := everyday[w.text]; often > 0 {
		return often
	}
	if w.where == contained {
		return 1 + min(2*uses, 40) + 600/(n*n)
	}
	return 1 + min(4*uses, 40) + 20/(n*n+1)
}

// leafWitnesses returns the folded literals of which one is found whenever l
// holds; false when there are none.
func (c *compiler) leafWitnesses(l *leaf) ([]witness, bool) {
	var set []witness
	switch l.kind {
	case never:
		return nil, true // cannot hold: nothing to wait for
	case texts:
		if l.any {
			return nil, false
		}
		for _, g := range l.globs {
			text := fold(g.longest())
			if text == "" {
				return nil, false
			}
			set = append(set, witness{l.slot, text, contained})
		}
	case expression:
		if l.needs.any == nil {
			return nil, false
		}
	default:
		return nil, false
	}
	for i := range l.list {
		set = append(set, witness{l.slot, fold(l.list[i].text), l.list[i].where})
	}
	return set, true
}
