-- Buying in fewer commits: each state that a purchase passes is a move of its own as before; those between which nobody is
-- called are written down together. What is committed before a call that spends is the same as ever.

-- As take_news; and whether the payment is finished and confirmed by now.
CREATE FUNCTION take_answer(
    p_payment uuid, p_state text, p_rank integer, p_actually_paid numeric, p_confirmed boolean, p_poll_seconds double precision,
    p_order uuid, p_src text, p_dst text, p_actor text, p_reason text, p_data jsonb, p_due_seconds double precision,
    p_case text, p_told_at timestamptz, OUT o_moved boolean, OUT o_confirmed boolean
) LANGUAGE plpgsql AS $$
BEGIN
    o_moved := take_news(p_payment, p_state, p_rank, p_actually_paid, p_confirmed, p_poll_seconds, p_order, p_src, p_dst,
                         p_actor, p_reason, p_data, p_due_seconds, p_case, p_told_at);
    SELECT confirmed_at IS NOT NULL AND state = 'finished' INTO o_confirmed FROM payments WHERE id = p_payment;
END $$;

-- Writes down what is about to be bought: one purchase per line that has none; the newest of each line, in their order. A
-- line gets another one, for the keys that it still lacks, only when the one before ended definitely and somebody sent the
-- order back to `paid` after that end. Where the first line's supplier is one of `p_begin`, its fresh purchase is `sending`
-- at once, for `p_lease` seconds: `o_begun` says that the call is this caller's to make.
CREATE FUNCTION intend_purchases(p_order uuid, p_begin text[], p_lease double precision)
RETURNS TABLE (o_begun boolean, o_purchase purchases) LANGUAGE plpgsql AS $$
DECLARE
    v_free boolean;
    v_begun uuid;
BEGIN
    -- As for every call that spends: a refund or a hold that is just being written down is waited for, and then seen.
    SELECT o.held_at IS NULL INTO v_free FROM orders o WHERE o.id = p_order AND o.state = 'paid' FOR SHARE;
    IF FOUND THEN
        WITH fresh AS (
            INSERT INTO purchases (id, order_id, line_id, generation, supplier, purchase_ref, state, attempt, lease_until,
                                   looks, product_ref, quantity, max_price, currency, text_only, keys_expected, keys_stored,
                                   created_at, moved_at)
            SELECT gen_random_uuid(), l.order_id, l.id, g.n, l.supplier,
                   'BL-' || replace(l.id::text, '-', '') || CASE WHEN g.n = 1 THEN '' ELSE '-' || g.n END,
                   CASE WHEN b.begins THEN 'sending' ELSE 'intent' END, b.begins::integer,
                   CASE WHEN b.begins THEN now() + p_lease * interval '1 second' END,
                   0, l.supplier_ref, l.quantity - g.stored, l.max_cost, l.cost_currency, l.text_only,
                   l.quantity - g.stored, 0, now(), now()
              FROM orders o JOIN lines l ON l.order_id = o.id CROSS JOIN LATERAL (
                   SELECT coalesce(max(generation), 0) + 1 AS n, coalesce(sum(p.keys_stored), 0) AS stored
                     FROM purchases p WHERE p.line_id = l.id) g CROSS JOIN LATERAL (
                   SELECT v_free AND l.supplier = ANY (p_begin)
                          AND l.position = (SELECT min(f.position) FROM lines f WHERE f.order_id = p_order) AS begins) b
             WHERE o.id = p_order AND NOT EXISTS (
                   SELECT 1 FROM purchases p
                    WHERE p.line_id = l.id AND (p.state <> 'failed' OR p.moved_at >= o.moved_at))
            ON CONFLICT DO NOTHING RETURNING id, attempt
        ), told AS (
            INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)
            SELECT id, NULL, 'intent', 0, '', clock_timestamp() FROM fresh
            UNION ALL SELECT id, 'intent', 'sending', 1, 'attempt 1', clock_timestamp() FROM fresh WHERE attempt = 1
        )
        SELECT id INTO v_begun FROM fresh WHERE attempt = 1;
    END IF;
    RETURN QUERY
        SELECT * FROM (
            SELECT DISTINCT ON (l.position) p.id IS NOT DISTINCT FROM v_begun, p
              FROM lines l JOIN purchases p ON p.line_id = l.id WHERE l.order_id = p_order
             ORDER BY l.position, p.generation DESC) newest;
END $$;

-- The reference of a two-phase supplier, and the right to pay for it for `p_lease` seconds, unless the order is held or
-- paid no more; whether it may be paid. NULL: the answer is to an older call, and nothing moved.
CREATE FUNCTION place_purchase(
    p_purchase uuid, p_order uuid, p_attempt integer, p_ref text, p_status text, p_note text, p_lease double precision
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_free boolean;
BEGIN
    SELECT state = 'paid' AND held_at IS NULL INTO v_free FROM orders WHERE id = p_order FOR SHARE;
    UPDATE purchases
       SET supplier_ref = p_ref, supplier_status = p_status, error = NULL, looks = 0, look_at = NULL, moved_at = now(),
           state = CASE WHEN v_free THEN 'committing' ELSE 'placed' END, attempt = attempt + v_free::integer,
           lease_until = CASE WHEN v_free THEN now() + p_lease * interval '1 second' END
     WHERE id = p_purchase AND state = 'sending' AND attempt = p_attempt;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)
    SELECT p_purchase, 'sending', 'placed', p_attempt, p_note, clock_timestamp()
    UNION ALL SELECT p_purchase, 'placed', 'committing', p_attempt + 1, 'attempt ' || p_attempt + 1, clock_timestamp()
               WHERE v_free;
    RETURN v_free;
END $$;

-- The purchase is bought; with the last line's its order comes to `waiting`. The order is locked first, so that of two
-- lines that are bought at the same time the later sees the other.
CREATE FUNCTION buy_purchase(
    p_purchase uuid, p_order uuid, p_src text, p_attempt integer, p_status text, p_note text, p_actor text,
    p_due_seconds double precision, OUT o_won boolean, OUT o_complete boolean
) LANGUAGE plpgsql AS $$
DECLARE
    v_lines bigint;
    v_bought bigint;
BEGIN
    o_complete := false;
    PERFORM 1 FROM orders WHERE id = p_order FOR NO KEY UPDATE;
    UPDATE purchases
       SET supplier_status = p_status, error = NULL, lease_until = NULL, state = 'waiting', moved_at = now()
     WHERE id = p_purchase AND state = p_src AND attempt = p_attempt;
    o_won := FOUND;
    IF NOT o_won THEN
        RETURN;
    END IF;
    INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)
    VALUES (p_purchase, p_src, 'waiting', p_attempt, p_note, clock_timestamp());
    SELECT count(*), count(*) FILTER (WHERE EXISTS (
               SELECT 1 FROM purchases p WHERE p.line_id = l.id AND p.state IN ('waiting', 'partial', 'stored')))
      INTO v_lines, v_bought FROM lines l WHERE l.order_id = p_order;
    o_complete := v_bought = v_lines AND advance_order(p_order, 'paid', 'waiting', p_actor, '',
                                                       jsonb_build_object('lines', v_lines), p_due_seconds);
END $$;
