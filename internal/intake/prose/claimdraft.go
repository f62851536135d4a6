package prose

// claims drafts what the document claims of one about another.
func (b *builder) claims(statements []Statement) {}
