-- Sets of markings: "object markings/granular markings", each sorted.
CREATE TABLE marking (id INTEGER PRIMARY KEY, refs TEXT NOT NULL UNIQUE);

CREATE TABLE type (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- Every version of every object. The key is the date it was added, in
-- microseconds since 1970.
CREATE TABLE version (
	added   INTEGER PRIMARY KEY,
	key     INTEGER NOT NULL, -- of the object
	object  TEXT NOT NULL,
	type    INTEGER NOT NULL REFERENCES type (id),
	version INTEGER NOT NULL, -- modified, in microseconds; 0 without
	state   INTEGER NOT NULL, -- 0 newest, 1 older, 2 conflict, 3 draft, 4 rejected
	marking INTEGER NOT NULL REFERENCES marking (id),
	source  INTEGER NOT NULL REFERENCES source (id),
	raw     BLOB NOT NULL
);
CREATE INDEX version_object ON version (key);
CREATE INDEX version_type ON version (type, added, state, marking);
CREATE INDEX version_review ON version (state, added) WHERE state > 2;

-- Which versions refer to an object.
CREATE TABLE reference (
	target  INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (target, version)
) WITHOUT ROWID;

-- From whom else a version was received; the first one stands with it.
CREATE TABLE receipt (
	version  INTEGER NOT NULL,
	source   INTEGER NOT NULL,
	received INTEGER NOT NULL,
	PRIMARY KEY (version, source)
) WITHOUT ROWID;

-- Which versions have which words; the package store says how.
CREATE TABLE words (
	bucket INTEGER NOT NULL,
	added  INTEGER NOT NULL,
	data   BLOB NOT NULL,
	PRIMARY KEY (bucket, added)
) WITHOUT ROWID;
