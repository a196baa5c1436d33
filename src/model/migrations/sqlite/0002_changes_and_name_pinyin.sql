-- What formatting did to the record: a list of {field, rule, kind} without values. Rows from before say
-- nothing, which is not to say that nothing was changed.
ALTER TABLE patients ADD COLUMN changes TEXT NOT NULL DEFAULT '[]';

-- Derived from a name in Han characters where the hospital's profile wants it; never in place of the name.
ALTER TABLE patients ADD COLUMN name_pinyin TEXT;
