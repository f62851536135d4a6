package intel

import (
	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// Observables returns the values that o tells to look for: those of the pattern
// of an indicator, where it is nothing but comparisons joined by OR, and that
// of an observable itself.
func Observables(o *stix.Object) []observable.Observable {
	if o.Type == "indicator" {
		return ofIndicator(o)
	}
	var list []observable.Observable
	for _, v := range valuesOf(o, observableTypes[o.Type]) {
		if x, err := read(v.path, v.value); err == nil {
			list = append(list, x)
		}
	}
	return list
}

func ofIndicator(o *stix.Object) []observable.Observable {
	i, err := stix.As[stix.Indicator](o)
	if err != nil || i.PatternType != "stix" {
		return nil
	}
	p, err := pattern.Parse(i.Pattern)
	if err != nil {
		return nil
	}
	all, ok, err := observables(p)
	if !ok || err != nil {
		return nil
	}
	var list []observable.Observable
	for _, f := range all {
		list = append(list, f.Observable)
	}
	return list
}
