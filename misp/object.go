package misp

func (b *builder) object(o *Object, at place) {
	m := b.markingOf(b.marking, nil, o.Distribution, o.SharingGroupID, o.SharingGroup, at)
	for i := range o.Attributes {
		b.attribute(&o.Attributes[i], o, m, place{"Attribute", i, &at})
	}
}

func (b *builder) references() {}
