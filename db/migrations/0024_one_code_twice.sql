-- One code given twice for one order is the supplier's error as much as one that another order has.

-- As in 0019, but `o_twin` is any order that holds one of these codes under another key; this one, if no other does.
CREATE OR REPLACE FUNCTION keep_keys(
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
    SELECT k.order_id INTO o_twin
      FROM jsonb_to_recordset(p_keys) AS n (id uuid, fingerprint text) JOIN keys k ON k.fingerprint = n.fingerprint
     WHERE k.id <> n.id ORDER BY k.order_id = p_order LIMIT 1;
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
