-- How many deliveries of each source were refused lately: so many may make a sender switch us off. A ring of minutes, so
-- that strangers make no rows, and exact where the ring of refused deliveries counts a repeat since its first time.
CREATE TABLE refusals (
    source text NOT NULL,
    slot   integer NOT NULL,                      -- the minute of the hour
    minute timestamptz NOT NULL,
    count  integer NOT NULL,
    PRIMARY KEY (source, slot)
);

-- As before, and counts.
CREATE OR REPLACE FUNCTION keep_refused(
    p_slots integer, p_id uuid, p_source text, p_verdict text, p_digest text, p_data_key bytea, p_body bytea,
    p_size integer, p_address text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    this timestamptz := date_trunc('minute', clock_timestamp());
BEGIN
    UPDATE refused_deliveries SET repeats = repeats + 1, seen_at = clock_timestamp()
     WHERE source = p_source AND verdict = p_verdict AND digest = p_digest;
    IF NOT FOUND THEN
        INSERT INTO refused_deliveries
        VALUES (nextval('refused_numbers') % p_slots, p_id, p_source, p_verdict, p_digest, p_data_key, p_body, p_size,
                p_address, 0, clock_timestamp(), clock_timestamp())
        ON CONFLICT (slot) DO UPDATE SET
            id = EXCLUDED.id, source = EXCLUDED.source, verdict = EXCLUDED.verdict, digest = EXCLUDED.digest,
            data_key = EXCLUDED.data_key, body = EXCLUDED.body, size = EXCLUDED.size, address = EXCLUDED.address,
            repeats = 0, received_at = EXCLUDED.received_at, seen_at = EXCLUDED.seen_at;
    END IF;
    INSERT INTO refusals AS r VALUES (p_source, extract(minute FROM this)::integer, this, 1)
    ON CONFLICT (source, slot) DO UPDATE SET
        minute = EXCLUDED.minute, count = CASE WHEN r.minute = EXCLUDED.minute THEN r.count + 1 ELSE 1 END;
END $$;
