package finding

import (
	"slices"
	"strings"
)

// Clone returns a copy of f that shares no memory with it.
func (f *Finding) Clone() *Finding {
	c := *f
	for _, s := range []*string{
		&c.Kind, &c.Title, &c.Rule.ID, &c.Rule.Path,
		&c.Indicator.ID, &c.Indicator.Value, &c.Indicator.Type, &c.Host,
	} {
		*s = strings.Clone(*s)
	}
	c.Techniques = cloneStrings(f.Techniques)
	c.Groups = cloneStrings(f.Groups)
	c.Source = f.Source.clone()
	c.Fields = slices.Clone(f.Fields)
	for i := range c.Fields {
		c.Fields[i] = Field{strings.Clone(c.Fields[i].Name), strings.Clone(c.Fields[i].Value)}
	}
	c.Events = slices.Clone(f.Events)
	for i := range c.Events {
		c.Events[i] = c.Events[i].clone()
	}
	return &c
}

func (s Source) clone() Source {
	s.Path, s.Format = strings.Clone(s.Path), strings.Clone(s.Format)
	return s
}

func cloneStrings(list []string) []string {
	list = slices.Clone(list)
	for i := range list {
		list[i] = strings.Clone(list[i])
	}
	return list
}
