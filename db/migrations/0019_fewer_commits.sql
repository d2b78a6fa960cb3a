-- Fewer commits for each order: what follows from one answer of a stranger is written down together, each move of it.

DROP FUNCTION advance_order(uuid, text, text, text, text, jsonb, double precision);

-- As in 0004, and: an order without a data key takes `p_data_key` on its way.
CREATE FUNCTION advance_order(
    p_order uuid, p_src text, p_dst text, p_actor text, p_reason text, p_data jsonb, p_due_seconds double precision,
    p_data_key bytea DEFAULT NULL
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_seq integer;
BEGIN
    UPDATE orders
       SET state = p_dst, seq = seq + 1, moved_at = clock_timestamp(), hold = NULL, alarmed_at = NULL,
           due_at = clock_timestamp() + p_due_seconds * interval '1 second', data_key = coalesce(data_key, p_data_key)
     WHERE id = p_order AND state = p_src
    RETURNING seq INTO v_seq;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO moves (order_id, seq, src, dst, actor, reason, data, xid, at)
    VALUES (p_order, v_seq, p_src, p_dst, p_actor, p_reason, p_data,
            greatest(pg_current_xact_id(), (SELECT xid FROM moves WHERE order_id = p_order ORDER BY seq DESC LIMIT 1)),
            clock_timestamp());
    RETURN true;
END $$;

-- All keys of a waiting order are to be had: it becomes ready, in one commit with the data key that will seal them. The
-- lock comes first, as in use_data_key; without a right to the keys there is no data key, and no move.
CREATE FUNCTION ready_order(
    p_order uuid, p_actor text, p_wrapped bytea, p_due_seconds double precision, OUT o_data_key bytea, OUT o_ready boolean
) LANGUAGE plpgsql AS $$
BEGIN
    o_ready := false;
    SELECT data_key INTO o_data_key FROM orders WHERE id = p_order FOR NO KEY UPDATE;
    IF o_data_key IS NULL AND EXISTS (SELECT 1 FROM rights WHERE order_id = p_order AND withdrawn_at IS NOT NULL) THEN
        RETURN;
    END IF;
    o_ready := advance_order(p_order, 'waiting', 'ready', p_actor, '', '{}', p_due_seconds, p_wrapped);
    IF o_data_key IS NULL AND NOT o_ready THEN
        UPDATE orders SET data_key = p_wrapped WHERE id = p_order;
    END IF;
    o_data_key := coalesce(o_data_key, p_wrapped);
END $$;

DROP FUNCTION keep_keys(uuid, uuid, text, jsonb, double precision);

-- As in 0016, and: `o_twin` is another order that holds one of these codes; a supplier that gave all keys has delivered;
-- a purchase's keys are found by their order, since nothing finds them by the purchase.
CREATE FUNCTION keep_keys(
    p_order uuid, p_purchase uuid, p_actor text, p_keys jsonb, p_due_seconds double precision,
    OUT o_state text, OUT o_keys integer, OUT o_fulfilled boolean, OUT o_taken integer, OUT o_twin uuid
) LANGUAGE plpgsql AS $$
DECLARE
    v_purchase purchases%ROWTYPE;
    v_state text;
    v_names text[] := ARRAY(SELECT value->>'supplier_key_id' FROM jsonb_array_elements(p_keys));
    v_fingerprints text[] := ARRAY(SELECT value->>'fingerprint' FROM jsonb_array_elements(p_keys));
BEGIN
    -- Against withdraw_right, which locks the order first, too: it finds these keys, or they find it.
    PERFORM 1 FROM orders WHERE id = p_order FOR KEY SHARE;
    SELECT * INTO STRICT v_purchase FROM purchases WHERE id = p_purchase FOR UPDATE;
    IF EXISTS (SELECT 1 FROM rights WHERE order_id = p_order AND withdrawn_at IS NOT NULL) THEN
        INSERT INTO doomed_objects AS d (object_name, order_id, tries, due_at)
        SELECT k.object_name, p_order, 0, clock_timestamp() FROM jsonb_to_recordset(p_keys) AS k (object_name text)
        ON CONFLICT (object_name) DO UPDATE SET due_at = EXCLUDED.due_at;
        SELECT v_purchase.state, v_purchase.keys_stored, false, 0 INTO o_state, o_keys, o_fulfilled, o_taken;
        RETURN;
    END IF;
    -- Of two orders that store one code at the same time the later waits for the earlier, and then sees it.
    PERFORM pg_advisory_xact_lock(code) FROM (
        SELECT DISTINCT hashtextextended(fingerprint, 0) AS code FROM unnest(v_fingerprints) AS fingerprint ORDER BY code
    ) AS codes;
    INSERT INTO keys (id, order_id, line_id, purchase_id, supplier, supplier_key_id, media_type, object_name,
                      object_digest, fingerprint, stored_at)
    SELECT k.id, p_order, v_purchase.line_id, p_purchase, v_purchase.supplier, k.supplier_key_id, k.media_type,
           k.object_name, k.object_digest, k.fingerprint, clock_timestamp()
      FROM jsonb_to_recordset(p_keys) AS k (id uuid, supplier_key_id text, media_type text, object_name text,
                                            object_digest text, fingerprint text)
    ON CONFLICT DO NOTHING;
    SELECT count(*) INTO o_taken FROM keys
     WHERE supplier = v_purchase.supplier AND supplier_key_id = ANY(v_names) AND purchase_id <> p_purchase;
    SELECT order_id INTO o_twin FROM keys WHERE fingerprint = ANY(v_fingerprints) AND order_id <> p_order LIMIT 1;
    SELECT count(*) INTO o_keys FROM keys WHERE order_id = p_order AND purchase_id = p_purchase;
    o_state := v_purchase.state;
    v_state := CASE WHEN o_keys >= v_purchase.keys_expected THEN 'stored' WHEN o_keys > 0 THEN 'partial' END;
    IF v_purchase.state IN ('waiting', 'partial') AND v_state <> v_purchase.state THEN
        UPDATE purchases
           SET state = v_state, keys_stored = o_keys, moved_at = clock_timestamp(),
               supplier_status = CASE WHEN v_state = 'stored'
                                       AND coalesce(supplier_status, 'pending') IN ('pending', 'partly_delivered')
                                      THEN 'delivered' ELSE supplier_status END
         WHERE id = p_purchase;
        INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)
        VALUES (p_purchase, v_purchase.state, v_state, v_purchase.attempt, o_keys || ' keys', clock_timestamp());
        o_state := v_state;
    ELSIF v_purchase.state = 'partial' THEN
        UPDATE purchases SET keys_stored = o_keys WHERE id = p_purchase;
    END IF;
    o_fulfilled := NOT EXISTS (
        SELECT 1 FROM lines l WHERE l.order_id = p_order AND NOT EXISTS (
            SELECT 1 FROM purchases p WHERE p.line_id = l.id AND p.state = 'stored'))
        AND advance_order(p_order, 'ready', 'fulfilled', p_actor, '',
                          jsonb_build_object('keys', (SELECT count(*) FROM keys WHERE order_id = p_order)), p_due_seconds);
END $$;
