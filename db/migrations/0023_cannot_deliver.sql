-- A letter for orders that were paid and could not be bought; and no word of a confirmed payment where the next letter
-- comes at once.

-- Orders that failed before this migration get no letter about it.
ALTER TABLE letters_cursor ADD COLUMN failures_since timestamptz NOT NULL DEFAULT clock_timestamp();

-- As in 0007, with `cannot_deliver`. A confirmed payment rests for ten seconds: the writer asks again whether it still is
-- news, and most orders have their keys by then, or have failed.
CREATE OR REPLACE FUNCTION gather_letters(p_kinds text[], p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_xid xid8;
    v_id bigint;
    v_since timestamptz;
    v_read integer;
BEGIN
    SELECT xid, id, failures_since INTO v_xid, v_id, v_since FROM letters_cursor FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    WITH seen AS MATERIALIZED (
        SELECT m.xid, m.id, m.order_id, m.src, m.dst, m.reason, m.at FROM moves m
         WHERE m.xid < pg_snapshot_xmin(pg_current_snapshot()) AND (m.xid, m.id) > (v_xid, v_id)
         ORDER BY m.xid, m.id LIMIT p_limit),
    news AS (
        SELECT s.order_id, s.at, CASE
                   WHEN s.dst = 'created' AND o.state = 'created' THEN 'order_received'
                   WHEN s.dst = 'paid' AND s.src <> 'failed' AND o.state IN ('paid', 'waiting', 'ready') THEN 'payment_confirmed'
                   WHEN s.dst = 'review' AND s.reason = 'underpaid' AND o.state = 'review' THEN 'underpaid'
                   WHEN s.dst = 'failed' AND s.at >= v_since AND o.state IN ('failed', 'refund_due') THEN 'cannot_deliver'
                   WHEN s.dst = 'refunded' THEN 'refund' END AS kind
          FROM seen s JOIN orders o ON o.id = s.order_id),
    noted AS (
        INSERT INTO letters_due (id, order_id, kind, generation, due_at)
        SELECT gen_random_uuid(), order_id, kind, 1, CASE kind
                   WHEN 'payment_confirmed' THEN greatest(clock_timestamp(), at + interval '10 seconds')
                   ELSE clock_timestamp() END
          FROM news WHERE kind = ANY (p_kinds)
        ON CONFLICT DO NOTHING),
    last AS (SELECT xid, id FROM seen ORDER BY xid DESC, id DESC LIMIT 1),
    moved AS (UPDATE letters_cursor SET xid = last.xid, id = last.id FROM last)
    SELECT count(*) INTO v_read FROM seen;
    RETURN v_read;
END $$;
