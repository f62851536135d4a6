package sigma

import "strings"

// maxExpansions bounds what one value may become through placeholders and
// windash.
const maxExpansions = 1000

// expand replaces the placeholders (%name%) of a value by the texts they
// stand for and returns all combinations (Sigma 2.1.0, "Placeholders"). A
// percent sign behind a backslash is plain. What quote returns is put in
// place of each text. When a placeholder has no texts, its name is returned.
func expand(raw string, texts map[string][]string, quote func(string) string) (values []string, missing string, err error) {
	heads := []string{""}
	add := func(s string) {
		for i := range heads {
			heads[i] += s
		}
	}
	for raw != "" {
		lit, name, rest := cutPlaceholder(raw)
		add(lit)
		raw = rest
		if name == "" {
			continue
		}
		list := texts[name]
		if len(list) == 0 {
			return nil, name, nil
		}
		if len(heads)*len(list) > maxExpansions {
			return nil, "", bad("give the placeholder fewer values, or use fewer placeholders in one value",
				"placeholder %%%s%% makes more than %d values of one", name, maxExpansions)
		}
		next := make([]string, 0, len(heads)*len(list))
		for _, text := range list {
			for _, h := range heads {
				next = append(next, h+quote(text))
			}
		}
		heads = next
	}
	return heads, "", nil
}

// cutPlaceholder returns the plain text before the first placeholder of s,
// the placeholder's name ("" when there is none), and what follows.
func cutPlaceholder(s string) (plain, name, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '\\':
			b.WriteString(`\\`)
			i++
			continue
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '%':
			b.WriteByte('%')
			i++
			continue
		case s[i] == '%':
			if n := strings.IndexByte(s[i+1:], '%'); n > 0 && isName(s[i+1:i+1+n]) {
				return b.String(), s[i+1 : i+1+n], s[i+n+2:]
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), "", ""
}

// isName reports whether s can be the name of a placeholder.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.') {
			return false
		}
	}
	return s != ""
}
