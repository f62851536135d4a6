// Package rules holds Tocsin's own Sigma rules: the 2021 attack on Exchange
// in all its traces, and the techniques of advisory AA21-200B that leave one.
//
// Each rule is a file of a folder below; the file of the same name in
// testdata says by example what it must and what it must not match.
// docs/rules.md tells which techniques are covered, and how to write a rule.
package rules

import "embed"

// FS holds the rules as <topic>/<name>.yml.
//
//go:embed */*.yml
var FS embed.FS
