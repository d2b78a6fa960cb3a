-- Names of operators are mail addresses: revocations that were kept with capitals, before names were folded, end
-- tokens again. Of two about one name the later counts.

INSERT INTO revocations AS r (subject, before, by, reason)
SELECT DISTINCT ON (lower(subject)) lower(subject), before, by, reason FROM revocations
 WHERE subject LIKE 'admin:%' AND subject <> lower(subject) ORDER BY lower(subject), before DESC
ON CONFLICT (subject) DO UPDATE SET before = excluded.before, by = excluded.by, reason = excluded.reason
 WHERE r.before < excluded.before;

DELETE FROM revocations WHERE subject LIKE 'admin:%' AND subject <> lower(subject);
