-- The same tables as in a store in a file, so that a backup is one.

-- Sets of markings: "object markings/granular markings", each sorted.
CREATE TABLE marking (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, refs text COLLATE "C" NOT NULL UNIQUE);

CREATE TABLE type (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text COLLATE "C" NOT NULL UNIQUE);

CREATE TABLE source (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text COLLATE "C" NOT NULL UNIQUE);

-- Every version of every object. The key is the date it was added, in
-- microseconds since 1970.
CREATE TABLE version (
	added   bigint PRIMARY KEY,
	key     bigint NOT NULL, -- of the object
	object  text COLLATE "C" NOT NULL,
	type    bigint NOT NULL,
	version bigint NOT NULL, -- modified, in microseconds; 0 without
	state   bigint NOT NULL, -- 0 newest, 1 older, 2 conflict, 3 draft, 4 rejected
	marking bigint NOT NULL,
	source  bigint NOT NULL,
	raw     bytea NOT NULL
);
CREATE INDEX version_object ON version (key);
CREATE INDEX version_type ON version (type, added);
CREATE INDEX version_review ON version (state, added) WHERE state > 2;

-- Which versions refer to an object.
CREATE TABLE reference (
	target  bigint NOT NULL, -- its key
	version bigint NOT NULL,
	PRIMARY KEY (target, version)
);

-- From whom else a version was received; the first one stands with it.
CREATE TABLE receipt (
	version  bigint NOT NULL,
	source   bigint NOT NULL,
	received bigint NOT NULL,
	PRIMARY KEY (version, source)
);

-- Which versions have which words; the package store says how.
CREATE TABLE words (
	bucket bigint NOT NULL,
	added  bigint NOT NULL,
	data   bytea NOT NULL,
	PRIMARY KEY (bucket, added)
);
ALTER TABLE words ALTER COLUMN data SET STORAGE EXTERNAL; -- packing it takes longer than writing it
