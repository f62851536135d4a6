-- Of each type a text that is another after each change of its objects, and in
-- no other store the same: see State.
ALTER TABLE type ADD COLUMN stamp text COLLATE "C" NOT NULL DEFAULT '';
UPDATE type SET stamp = gen_random_uuid();
