package sigma

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Limits on what one YAML file may hold. They are far above any rule that
// people write and keep a hostile file from costing more than its size.
const (
	maxFile      = 4 << 20 // bytes
	maxDepth     = 48      // nested maps, lists and parentheses
	maxDocuments = 10_000
	maxNodes     = 1 << 20 // after aliases are expanded
)

// A yamlNode is one value of a YAML document. Sigma compares by text, so numbers
// and booleans stay the text that the author wrote.
type yamlNode struct {
	kind  nodeKind
	line  int    // in the file, from 1
	key   string // its key, when it stands in a map
	text  string
	items []yamlNode // of a list or a map, in order
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	textNode
	listNode
	mapNode
)

func (k nodeKind) String() string {
	return [...]string{"nothing", "text", "a list", "a map"}[k]
}

// get returns the value under key of a map, or nil.
func (n *yamlNode) get(key string) *yamlNode {
	if n.kind != mapNode {
		return nil
	}
	for i := range n.items {
		if n.items[i].key == key {
			return &n.items[i]
		}
	}
	return nil
}

// has reports whether the map n has key.
func (n *yamlNode) has(key string) bool { return n.get(key) != nil }

// strings returns n as a list of texts: a text alone is a list of one.
func (n *yamlNode) strings() ([]string, error) {
	if n == nil || n.kind == nullNode {
		return nil, nil
	}
	if n.kind == textNode {
		return []string{n.text}, nil
	}
	if n.kind == mapNode {
		return nil, fmt.Errorf("line %d: want a text or a list of texts, have a map", n.line)
	}
	out := make([]string, 0, len(n.items))
	for i := range n.items {
		switch it := &n.items[i]; it.kind {
		case textNode:
			out = append(out, it.text)
		case nullNode:
		default:
			return nil, fmt.Errorf("line %d: want a text, have %v", it.line, it.kind)
		}
	}
	return out, nil
}

// scalar returns n as one text; "" when n is absent or null.
func (n *yamlNode) scalar() (string, error) {
	if n == nil || n.kind == nullNode {
		return "", nil
	}
	if n.kind != textNode {
		return "", fmt.Errorf("line %d: want a text, have %v", n.line, n.kind)
	}
	return n.text, nil
}

// parseYAML reads the documents of one file. Most rules are plain block YAML
// and are read by a parser of that subset; all others by yaml/v4. The two
// give the same nodes, which tests hold them to. The nodes are good until p
// is used again; their texts stay.
func parseYAML(p *blockParser, src string) ([]yamlNode, error) {
	if len(src) > maxFile {
		return nil, fmt.Errorf("the file has more than %d bytes", maxFile)
	}
	if docs, ok := p.parse(src); ok {
		return docs, nil
	}
	return parseFull(src)
}

// parseFull reads any YAML through yaml/v4.
func parseFull(src string) ([]yamlNode, error) {
	loader, err := yaml.NewLoader(strings.NewReader(src))
	if err != nil {
		return nil, err
	}
	var docs []yamlNode
	c := converter{budget: maxNodes}
	for {
		var y yaml.Node
		err := loader.Load(&y)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		if len(docs) == maxDocuments {
			return nil, fmt.Errorf("the file has more than %d documents", maxDocuments)
		}
		var n yamlNode
		if err := c.convert(&y, &n, 0); err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
}

// A converter turns yaml/v4 nodes into ours and follows aliases, within a
// budget that an alias bomb exceeds.
type converter struct{ budget int }

func (c *converter) convert(y *yaml.Node, n *yamlNode, depth int) error {
	c.budget--
	if c.budget < 0 {
		return fmt.Errorf("line %d: aliases expand to more than %d values", y.Line, maxNodes)
	}
	if depth > maxDepth {
		return fmt.Errorf("line %d: nested deeper than %d", y.Line, maxDepth)
	}
	n.line = y.Line
	switch y.Kind {
	case 0:
		return nil
	case yaml.DocumentNode:
		if len(y.Content) == 0 {
			return nil
		}
		return c.convert(y.Content[0], n, depth)
	case yaml.AliasNode:
		return c.convert(y.Alias, n, depth+1)
	case yaml.ScalarNode:
		if y.ShortTag() == "!!null" {
			return nil
		}
		n.kind, n.text = textNode, y.Value
		return nil
	case yaml.SequenceNode:
		n.kind = listNode
		n.items = make([]yamlNode, len(y.Content))
		for i, item := range y.Content {
			if err := c.convert(item, &n.items[i], depth+1); err != nil {
				return err
			}
		}
		return nil
	case yaml.MappingNode:
		n.kind = mapNode
		return c.convertMap(y, n, depth)
	}
	return fmt.Errorf("line %d: not a value", y.Line)
}

func (c *converter) convertMap(y *yaml.Node, n *yamlNode, depth int) error {
	n.items = make([]yamlNode, 0, len(y.Content)/2)
	var merged []yamlNode
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		for k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: the key of a map must be a text", k.Line)
		}
		var v yamlNode
		if err := c.convert(y.Content[i+1], &v, depth+1); err != nil {
			return err
		}
		v.line = k.Line
		if k.ShortTag() == "!!merge" {
			merged = append(merged, v)
			continue
		}
		v.key = k.Value
		n.items = append(n.items, v)
	}
	if key, line := duplicateKey(n.items); line > 0 {
		return fmt.Errorf("line %d: key %q is given twice", line, key)
	}
	if len(merged) == 0 {
		return nil
	}
	have := make(map[string]bool, len(n.items))
	for i := range n.items {
		have[n.items[i].key] = true
	}
	for i := range merged {
		if err := mergeKeys(n, &merged[i], have); err != nil {
			return err
		}
	}
	return nil
}

// mergeKeys adds what "<<: *other" brings: the keys that n does not have yet.
func mergeKeys(n, from *yamlNode, have map[string]bool) error {
	switch from.kind {
	case mapNode:
		for _, it := range from.items {
			if !have[it.key] {
				have[it.key] = true
				n.items = append(n.items, it)
			}
		}
		return nil
	case listNode:
		for i := range from.items {
			if from.items[i].kind != mapNode {
				break
			}
			if err := mergeKeys(n, &from.items[i], have); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("line %d: << needs a map", from.line)
}

// duplicateKey returns the first key that items hold twice and the line of
// its second occurrence; line 0 when there is none.
func duplicateKey(items []yamlNode) (key string, line int) {
	if len(items) > 32 {
		seen := make(map[string]bool, len(items))
		for i := range items {
			if seen[items[i].key] {
				return items[i].key, items[i].line
			}
			seen[items[i].key] = true
		}
		return "", 0
	}
	for i := range items {
		for j := range i {
			if items[i].key == items[j].key {
				return items[i].key, items[i].line
			}
		}
	}
	return "", 0
}
