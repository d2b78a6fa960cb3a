-- Delivery: the right to an order's keys, tries that are counted, letters that are due, objects that must go.

-- An order without a row here has the first right, and nobody has used it.
CREATE TABLE rights (
    order_id     uuid PRIMARY KEY REFERENCES orders (id),
    generation   integer NOT NULL,                -- links and tokens of a lower one open nothing
    reveals      integer NOT NULL,                -- since the right was last given
    withdrawn_at timestamptz,                     -- the data key is destroyed in the same commit
    withdrawn_by text,
    reason       text
);
CREATE INDEX orders_with_data_key ON orders (moved_at) WHERE data_key IS NOT NULL AND state IN ('fulfilled', 'refunded');

-- How often somebody tried something within the present window.
CREATE TABLE tries (
    subject text PRIMARY KEY,
    began   timestamptz NOT NULL,
    count   integer NOT NULL
);
CREATE INDEX tries_began ON tries (began);

CREATE FUNCTION count_try(p_subject text, p_seconds double precision, OUT o_count integer, OUT o_left double precision)
LANGUAGE sql AS $$
    INSERT INTO tries AS t (subject, began, count) VALUES (p_subject, clock_timestamp(), 1)
    ON CONFLICT (subject) DO UPDATE SET
        count = CASE WHEN t.began < clock_timestamp() - p_seconds * interval '1 second' THEN 1 ELSE t.count + 1 END,
        began = CASE WHEN t.began < clock_timestamp() - p_seconds * interval '1 second' THEN clock_timestamp()
                     ELSE t.began END
    RETURNING count, extract(epoch FROM began - clock_timestamp())::double precision + p_seconds
$$;

-- The code that a buyer without a link was mailed: a keyed digest of it, good for a short time and a few tries.
CREATE TABLE guest_codes (
    order_id   uuid PRIMARY KEY REFERENCES orders (id),
    digest     text NOT NULL,
    tries      integer NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Objects whose data key is destroyed, until they are gone from the store.
CREATE TABLE doomed_objects (
    object_name text PRIMARY KEY,
    order_id    uuid NOT NULL REFERENCES orders (id),
    tries       integer NOT NULL,
    due_at      timestamptz NOT NULL
);
CREATE INDEX doomed_objects_due_at ON doomed_objects (due_at);

-- One commit: the data key is gone, the right withdrawn, the objects doomed. Whether this call did it.
CREATE FUNCTION withdraw_right(p_order uuid, p_who text, p_reason text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM orders WHERE id = p_order FOR UPDATE;
    INSERT INTO rights AS r (order_id, generation, reveals, withdrawn_at, withdrawn_by, reason)
    VALUES (p_order, 1, 0, clock_timestamp(), p_who, p_reason)
    ON CONFLICT (order_id) DO UPDATE SET withdrawn_at = clock_timestamp(), withdrawn_by = p_who, reason = p_reason
     WHERE r.withdrawn_at IS NULL;
    IF NOT FOUND AND NOT EXISTS (SELECT 1 FROM orders WHERE id = p_order AND data_key IS NOT NULL) THEN
        RETURN false;
    END IF;
    UPDATE orders SET data_key = NULL WHERE id = p_order;
    DELETE FROM guest_codes WHERE order_id = p_order;
    INSERT INTO doomed_objects (object_name, order_id, tries, due_at)
    SELECT object_name, p_order, 0, clock_timestamp() FROM keys WHERE order_id = p_order
    ON CONFLICT DO NOTHING;
    RETURN true;
END $$;

-- Letters that somebody has to write, until they are sent or have failed.
CREATE TABLE letters_due (
    id         uuid PRIMARY KEY,
    order_id   uuid NOT NULL REFERENCES orders (id),
    kind       text NOT NULL,
    generation integer NOT NULL,
    due_at     timestamptz NOT NULL,
    UNIQUE (order_id, kind, generation)
);
CREATE INDEX letters_due_due_at ON letters_due (due_at);

-- What became of a letter after it left: delivered, delayed, bounced, complained, …
ALTER TABLE letters ADD COLUMN fate text, ADD COLUMN fate_at timestamptz;
CREATE INDEX letters_provider_id ON letters (provider_id) WHERE provider_id IS NOT NULL;

-- Up to where the journal has been read for letters. What was moved before this migration gets none.
CREATE TABLE letters_cursor (
    xid xid8 NOT NULL,
    id  bigint NOT NULL
);
INSERT INTO letters_cursor VALUES (pg_current_xact_id(), 0);

-- Letters follow the journal, so that no order waits for one: reads up to `p_limit` settled moves and notes the letters
-- that are due for them, as far as they still are news. Returns how many moves were read.
CREATE FUNCTION gather_letters(p_kinds text[], p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_xid xid8;
    v_id bigint;
    v_read integer;
BEGIN
    SELECT xid, id INTO v_xid, v_id FROM letters_cursor FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    WITH seen AS MATERIALIZED (
        SELECT m.xid, m.id, m.order_id, m.src, m.dst, m.reason FROM moves m
         WHERE m.xid < pg_snapshot_xmin(pg_current_snapshot()) AND (m.xid, m.id) > (v_xid, v_id)
         ORDER BY m.xid, m.id LIMIT p_limit),
    news AS (
        SELECT s.order_id, CASE
                   WHEN s.dst = 'created' AND o.state = 'created' THEN 'order_received'
                   WHEN s.dst = 'paid' AND s.src <> 'failed' AND o.state IN ('paid', 'waiting', 'ready') THEN 'payment_confirmed'
                   WHEN s.dst = 'review' AND s.reason = 'underpaid' AND o.state = 'review' THEN 'underpaid'
                   WHEN s.dst = 'refunded' THEN 'refund' END AS kind
          FROM seen s JOIN orders o ON o.id = s.order_id),
    noted AS (
        INSERT INTO letters_due (id, order_id, kind, generation, due_at)
        SELECT gen_random_uuid(), order_id, kind, 1, clock_timestamp() FROM news WHERE kind = ANY (p_kinds)
        ON CONFLICT DO NOTHING),
    last AS (SELECT xid, id FROM seen ORDER BY xid DESC, id DESC LIMIT 1),
    moved AS (UPDATE letters_cursor SET xid = last.xid, id = last.id FROM last)
    SELECT count(*) INTO v_read FROM seen;
    RETURN v_read;
END $$;
