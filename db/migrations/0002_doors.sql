-- The doors. `advance_order` is the only place that assigns orders.state; payments change through `take_news`.

CREATE FUNCTION advance_order(
    p_order uuid, p_src text, p_dst text, p_actor text, p_reason text, p_data jsonb, p_due_seconds double precision
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_seq integer;
BEGIN
    UPDATE orders
       SET state = p_dst, seq = seq + 1, moved_at = clock_timestamp(), hold = NULL,
           due_at = clock_timestamp() + p_due_seconds * interval '1 second'
     WHERE id = p_order AND state = p_src
    RETURNING seq INTO v_seq;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- A transaction that began to write early may move the order after one that began late: its row then takes the
    -- later number, so that an order's moves lie in the journal in their own order. Numbers only grow by this, and a
    -- row is still settled only when its own transaction is.
    INSERT INTO moves (order_id, seq, src, dst, actor, reason, data, xid, at)
    VALUES (p_order, v_seq, p_src, p_dst, p_actor, p_reason, p_data,
            greatest(pg_current_xact_id(), (SELECT xid FROM moves WHERE order_id = p_order ORDER BY seq DESC LIMIT 1)),
            clock_timestamp());
    RETURN true;
END $$;

-- What a gateway says of a payment, and what follows from it, in one step. The caller has judged the news against
-- rows that it read before; BL001 says that the order moved meanwhile: read again, judge again.
CREATE FUNCTION take_news(
    p_payment uuid, p_state text, p_rank integer, p_actually_paid numeric, p_confirmed boolean, p_poll_seconds double precision,
    p_order uuid, p_src text, p_dst text, p_actor text, p_reason text, p_data jsonb, p_due_seconds double precision,
    p_case text
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payments
       SET state = CASE WHEN p_rank > rank THEN p_state ELSE state END,
           rank = greatest(rank, p_rank),
           actually_paid = CASE WHEN p_rank >= rank THEN coalesce(p_actually_paid, actually_paid) ELSE actually_paid END,
           confirmed_at = CASE WHEN p_confirmed THEN coalesce(confirmed_at, clock_timestamp()) ELSE confirmed_at END,
           poll_at = clock_timestamp() + p_poll_seconds * interval '1 second',
           updated_at = clock_timestamp()
     WHERE id = p_payment;
    IF p_case IS NOT NULL THEN
        INSERT INTO cases (id, order_id, subject, kind, figures, state, opened_at)
        VALUES (gen_random_uuid(), p_order, p_payment::text, p_case, p_data, 'open', clock_timestamp())
        ON CONFLICT (order_id, kind, subject) WHERE state = 'open' DO NOTHING;
    END IF;
    IF p_dst IS NULL THEN
        RETURN false;
    END IF;
    IF NOT advance_order(p_order, p_src, p_dst, p_actor, p_reason, p_data, p_due_seconds) THEN
        RAISE EXCEPTION 'order % is no longer %', p_order, p_src USING ERRCODE = 'BL001';
    END IF;
    RETURN true;
END $$;

-- A notice is kept once per digest; a repeat is counted and changes nothing else. Returns its id and whether it is new.
CREATE FUNCTION keep_notice(
    p_id uuid, p_source text, p_event text, p_external_id text, p_order uuid, p_digest text, p_proof text, p_outcome text,
    p_data_key bytea, p_body bytea, p_size integer, p_address text, OUT o_id uuid, OUT o_fresh boolean
) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notices (id, source, event, external_id, order_id, digest, proof, outcome, data_key, body, size, address,
                         repeats, replays, received_at, seen_at)
    VALUES (p_id, p_source, p_event, p_external_id, p_order, p_digest, p_proof, p_outcome, p_data_key, p_body, p_size,
            p_address, 0, 0, clock_timestamp(), clock_timestamp())
    ON CONFLICT (source, digest) DO UPDATE SET repeats = notices.repeats + 1, seen_at = clock_timestamp()
    RETURNING id, id = p_id INTO o_id, o_fresh;
END $$;

-- Keys that lie in the store by now, what they mean for their purchase, and, when every line has all of its own, for the
-- order: one commit. Says where the purchase stands, how many keys it has, whether this call fulfilled the order, and
-- how many of the keys another purchase had before.
CREATE FUNCTION keep_keys(
    p_order uuid, p_purchase uuid, p_actor text, p_keys jsonb, p_due_seconds double precision,
    OUT o_state text, OUT o_keys integer, OUT o_fulfilled boolean, OUT o_taken integer
) LANGUAGE plpgsql AS $$
DECLARE
    v_purchase purchases%ROWTYPE;
    v_state text;
BEGIN
    SELECT * INTO STRICT v_purchase FROM purchases WHERE id = p_purchase FOR UPDATE;
    INSERT INTO keys (id, order_id, line_id, purchase_id, supplier, supplier_key_id, media_type, object_name,
                      object_digest, fingerprint, stored_at)
    SELECT k.id, p_order, v_purchase.line_id, p_purchase, v_purchase.supplier, k.supplier_key_id, k.media_type,
           k.object_name, k.object_digest, k.fingerprint, clock_timestamp()
      FROM jsonb_to_recordset(p_keys) AS k (id uuid, supplier_key_id text, media_type text, object_name text,
                                            object_digest text, fingerprint text)
    ON CONFLICT DO NOTHING;
    SELECT count(*) INTO o_taken
      FROM jsonb_to_recordset(p_keys) AS told (supplier_key_id text)
      JOIN keys k ON k.supplier = v_purchase.supplier AND k.supplier_key_id = told.supplier_key_id
     WHERE k.purchase_id <> p_purchase;
    SELECT count(*) INTO o_keys FROM keys WHERE purchase_id = p_purchase;
    o_state := v_purchase.state;
    v_state := CASE WHEN o_keys >= v_purchase.keys_expected THEN 'stored' WHEN o_keys > 0 THEN 'partial' END;
    IF v_purchase.state IN ('waiting', 'partial') AND v_state <> v_purchase.state THEN
        UPDATE purchases SET state = v_state, keys_stored = o_keys, moved_at = clock_timestamp() WHERE id = p_purchase;
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
