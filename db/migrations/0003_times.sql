-- What proofs and figures read: the supplier's word in a webhook, so that time-to-key knows when it delivered, and an
-- index for each question that is asked by time or by subject.

ALTER TABLE notices ADD COLUMN says text;         -- a supplier's webhook: its status, in our words; NULL: it named none

DROP FUNCTION keep_notice(uuid, text, text, text, uuid, text, text, text, bytea, bytea, integer, text);

-- As before; `p_says` may be left out.
CREATE FUNCTION keep_notice(
    p_id uuid, p_source text, p_event text, p_external_id text, p_order uuid, p_digest text, p_proof text, p_outcome text,
    p_data_key bytea, p_body bytea, p_size integer, p_address text, p_says text DEFAULT NULL,
    OUT o_id uuid, OUT o_fresh boolean
) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notices (id, source, event, external_id, order_id, digest, proof, outcome, data_key, body, size, address,
                         repeats, replays, received_at, seen_at, says)
    VALUES (p_id, p_source, p_event, p_external_id, p_order, p_digest, p_proof, p_outcome, p_data_key, p_body, p_size,
            p_address, 0, 0, clock_timestamp(), clock_timestamp(), p_says)
    ON CONFLICT (source, digest) DO UPDATE SET repeats = notices.repeats + 1, seen_at = clock_timestamp()
    RETURNING id, id = p_id INTO o_id, o_fresh;
END $$;

CREATE INDEX moves_paid_at ON moves (at) WHERE dst = 'paid';
CREATE INDEX purchases_created_at ON purchases (supplier, created_at, id);
CREATE INDEX jobs_subject_id ON jobs (subject_id);
