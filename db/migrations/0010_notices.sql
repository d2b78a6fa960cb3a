-- Notices as evidence: verdict, duration, the sender's own time, bodies that may be deleted; deliveries that were
-- refused, in a ring; and replays, each with who asked for it and why.

ALTER TABLE notices
    ADD COLUMN verdict     text NOT NULL DEFAULT 'verified', -- or foreign: proved, but from an address not on the list
    ADD COLUMN took_ms     double precision,              -- from the request's arrival until this row was written
    ADD COLUMN told_at     timestamptz,                   -- when it happened, by the sender's own clock
    ADD COLUMN expunged_at timestamptz,                   -- since then there is no body
    ALTER COLUMN data_key DROP NOT NULL,
    ALTER COLUMN body DROP NOT NULL,
    ADD CONSTRAINT notices_expunged CHECK (
        (body IS NULL) = (expunged_at IS NOT NULL) AND (data_key IS NULL) = (expunged_at IS NOT NULL));

DROP FUNCTION keep_notice(uuid, text, text, text, uuid, text, text, text, bytea, bytea, integer, text, text);

-- As before; what stands behind `p_address` may be left out.
CREATE FUNCTION keep_notice(
    p_id uuid, p_source text, p_event text, p_external_id text, p_order uuid, p_digest text, p_proof text, p_outcome text,
    p_data_key bytea, p_body bytea, p_size integer, p_address text, p_says text DEFAULT NULL,
    p_verdict text DEFAULT 'verified', p_took_ms double precision DEFAULT NULL, p_told_at timestamptz DEFAULT NULL,
    OUT o_id uuid, OUT o_fresh boolean
) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notices (id, source, event, external_id, order_id, digest, proof, outcome, data_key, body, size, address,
                         repeats, replays, received_at, seen_at, says, verdict, took_ms, told_at)
    VALUES (p_id, p_source, p_event, p_external_id, p_order, p_digest, p_proof, p_outcome, p_data_key, p_body, p_size,
            p_address, 0, 0, clock_timestamp(), clock_timestamp(), p_says, p_verdict, p_took_ms, p_told_at)
    ON CONFLICT (source, digest) DO UPDATE SET repeats = notices.repeats + 1, seen_at = clock_timestamp()
    RETURNING id, id = p_id INTO o_id, o_fresh;
END $$;

-- The newest word of the gateway about a payment, by the gateway's clock: older news of the same rank comes late.
ALTER TABLE payments ADD COLUMN told_at timestamptz;

DROP FUNCTION take_news(uuid, text, integer, numeric, boolean, double precision, uuid, text, text, text, text, jsonb,
                        double precision, text);

-- As before; figures of the same rank give way only to figures that are not older.
CREATE FUNCTION take_news(
    p_payment uuid, p_state text, p_rank integer, p_actually_paid numeric, p_confirmed boolean, p_poll_seconds double precision,
    p_order uuid, p_src text, p_dst text, p_actor text, p_reason text, p_data jsonb, p_due_seconds double precision,
    p_case text, p_told_at timestamptz DEFAULT NULL
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payments
       SET state = CASE WHEN p_rank > rank THEN p_state ELSE state END,
           rank = greatest(rank, p_rank),
           actually_paid = CASE WHEN p_rank > rank OR (p_rank = rank AND coalesce(p_told_at >= told_at, true))
                                THEN coalesce(p_actually_paid, actually_paid) ELSE actually_paid END,
           told_at = greatest(told_at, p_told_at),
           confirmed_at = CASE WHEN p_confirmed THEN coalesce(confirmed_at, clock_timestamp()) ELSE confirmed_at END,
           poll_at = CASE WHEN p_poll_seconds IS NOT NULL
                          THEN clock_timestamp() + poll_pause(created_at, p_poll_seconds) END,
           updated_at = clock_timestamp()
     WHERE id = p_payment;
    IF p_case IS NOT NULL AND NOT ask_about_money(p_order, p_payment, p_case, p_data) AND p_dst = 'review' THEN
        RETURN false;
    END IF;
    IF p_dst IS NULL THEN
        RETURN false;
    END IF;
    IF NOT advance_order(p_order, p_src, p_dst, p_actor, p_reason, p_data, p_due_seconds) THEN
        RAISE EXCEPTION 'order % is no longer %', p_order, p_src USING ERRCODE = 'BL001';
    END IF;
    RETURN true;
END $$;

-- Deliveries that were refused, for diagnosis: nobody vouches for what they say, and nothing reads it but a person.
-- A ring: the newest takes the slot of the oldest, so that strangers cannot fill the disk.
CREATE TABLE refused_deliveries (
    slot        integer PRIMARY KEY,
    id          uuid NOT NULL UNIQUE,
    source      text NOT NULL,                    -- whom it claimed to come from
    verdict     text NOT NULL,                    -- the code of the refusal
    digest      text NOT NULL,                    -- of the body as far as it was read
    data_key    bytea NOT NULL,
    body        bytea NOT NULL,                   -- sealed; cut
    size        integer NOT NULL,                 -- bytes that came, or were announced
    address     text NOT NULL,
    repeats     integer NOT NULL,
    received_at timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL
);
CREATE SEQUENCE refused_numbers;

-- How many deliveries of each source were refused lately: so many may make a sender switch us off. A ring of minutes, so
-- that strangers make no rows, and exact where the ring of refused deliveries counts a repeat since its first time.
CREATE TABLE refusals (
    source text NOT NULL,
    slot   integer NOT NULL,                      -- the minute of the hour
    minute timestamptz NOT NULL,
    count  integer NOT NULL,
    PRIMARY KEY (source, slot)
);

CREATE FUNCTION keep_refused(
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

-- Notices that are to run again. The row is the outbox; sweep sends what is due, so that many run one after another.
CREATE TABLE replays (
    id        uuid PRIMARY KEY,
    notice_id uuid NOT NULL REFERENCES notices (id),
    actor     text NOT NULL,                      -- who asked
    reason    text NOT NULL,
    asked_at  timestamptz NOT NULL,
    due_at    timestamptz NOT NULL,
    attempts  integer NOT NULL,                   -- times that sweep sent it
    done_at   timestamptz,
    outcome   text,
    note      text                                -- what it changed, or why nothing
);
CREATE INDEX replays_due_at ON replays (due_at) WHERE done_at IS NULL;
CREATE INDEX replays_notice_id ON replays (notice_id);

-- Until when bodies have been deleted for their age.
INSERT INTO beats VALUES ('expunged', '2000-01-01 00:00:00+00');
