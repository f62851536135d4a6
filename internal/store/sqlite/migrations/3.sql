-- What a node keeps beside what it knows: organisations, tokens and the like.
CREATE TABLE entry (
	kind  TEXT NOT NULL,
	id    TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (kind, id)
) WITHOUT ROWID;
