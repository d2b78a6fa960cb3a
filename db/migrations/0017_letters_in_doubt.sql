-- Since when a letter may have gone without our knowing: the first of its tries to which no answer came. A provider
-- knows a repeat by its key for a day only, counted from there.
ALTER TABLE letters ADD COLUMN doubt_at timestamptz;
