-- Who may see a version goes by its scope: the markings of all that it leads to,
-- as the package store writes them. What was here before is sealed ("!") until
-- its scope is worked out, once the file is open.
CREATE TABLE scope (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
INSERT INTO scope (id, text) SELECT 1, '!' WHERE EXISTS (SELECT 1 FROM version);
INSERT INTO entry (kind, id, value) SELECT 'upgrade', 'scopes', '{}' WHERE EXISTS (SELECT 1 FROM version);

CREATE TABLE scoped (
	added   INTEGER PRIMARY KEY, -- in microseconds since 1970
	key     INTEGER NOT NULL, -- of the object
	object  TEXT NOT NULL,
	type    INTEGER NOT NULL REFERENCES type (id),
	version INTEGER NOT NULL, -- modified, in microseconds; 0 without
	state   INTEGER NOT NULL, -- 0 newest, 1 older, 2 conflict, 3 draft, 4 rejected, 5 withdrawn
	scope   INTEGER NOT NULL REFERENCES scope (id),
	source  INTEGER NOT NULL REFERENCES source (id),
	date    INTEGER NOT NULL, -- when it was added, or opened to more readers: also unique, in microseconds
	raw     BLOB NOT NULL
);
INSERT INTO scoped SELECT added, key, object, type, version, state, 1, source, added, raw FROM version ORDER BY added;
DROP TABLE version;
DROP TABLE marking;
ALTER TABLE scoped RENAME TO version;
CREATE INDEX version_object ON version (key);
CREATE INDEX version_type ON version (type, date, state, scope);
CREATE UNIQUE INDEX version_date ON version (date);
CREATE INDEX version_review ON version (state, added) WHERE state > 2;
