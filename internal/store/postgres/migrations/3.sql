-- What a node keeps beside what it knows: organisations, tokens and the like.
CREATE TABLE entry (
	kind  text COLLATE "C" NOT NULL,
	id    text COLLATE "C" NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (kind, id)
);
