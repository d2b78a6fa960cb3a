-- Many notices about payments in one round trip. Each comes with what its caller took for granted when he judged it (at
-- first what the notice itself says); where our rows say otherwise nothing happens, and he is told what they say.

-- `said`: taken | repeat | otherwise (judge again, by the rows that are returned) | unknown (no such payment) |
-- locked (somebody holds its rows: nobody waits for him) | kept (locked at the last try: the notice is kept, and is to
-- run again). A wait that can still happen, for the same notice in an open transaction, ends after a moment with 55P03.
CREATE FUNCTION take_notices(p_notices json, p_source text, p_actor text) RETURNS TABLE (
    said text, moved boolean, gateway_payment_id text, order_id uuid, order_state text, payment_id uuid, payment_rank integer,
    told_at timestamptz, price numeric, currency text, pay_amount numeric, pay_currency text
) LANGUAGE plpgsql SET lock_timeout = '300ms' AS $$
#variable_conflict use_column
DECLARE
    n record;
    v record;
    v_id uuid;
    v_fresh boolean;
BEGIN
    FOR n IN SELECT * FROM json_to_recordset(p_notices) AS t (
        -- the notice, as keep_notice takes it
        id uuid, event text, external_id text, digest text, proof text, outcome text, data_key text, body text, size integer,
        address text, verdict text, took_ms double precision, told_at timestamptz,
        -- what is taken for granted; a guess allows any rank between two, and any time that makes the news not late
        about text, order_id text, src text, price numeric, currency text, pay_amount numeric, pay_currency text,
        rank_from integer, rank_to integer, known_told_at timestamptz, is_guess boolean, is_last boolean,
        -- what take_news is to do; no state: nothing
        state text, rank integer, actually_paid numeric, poll_seconds double precision, dst text, reason text, data jsonb,
        due_seconds double precision, "case" text, news_told_at timestamptz)
    LOOP
        said := NULL; moved := NULL; gateway_payment_id := NULL; order_id := NULL; order_state := NULL; payment_id := NULL;
        payment_rank := NULL; told_at := NULL; price := NULL; currency := NULL; pay_amount := NULL; pay_currency := NULL;

        SELECT p.id, p.order_id, o.state AS order_state, p.rank, p.told_at, p.price, p.currency, p.pay_amount, p.pay_currency
          INTO v FROM payments p JOIN orders o ON o.id = p.order_id
         WHERE p.gateway = p_source AND p.gateway_payment_id = n.about
           FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            said := CASE WHEN EXISTS (SELECT 1 FROM payments p WHERE p.gateway = p_source AND p.gateway_payment_id = n.about)
                         THEN 'locked' ELSE 'unknown' END;
            IF said = 'locked' AND n.is_last THEN
                -- Its order is named where that needs no lock that somebody else holds.
                SELECT o.id INTO order_id FROM payments p JOIN orders o ON o.id = p.order_id
                 WHERE p.gateway = p_source AND p.gateway_payment_id = n.about FOR KEY SHARE OF o SKIP LOCKED;
                SELECT k.o_id, k.o_fresh INTO v_id, v_fresh
                  FROM keep_notice(n.id, p_source, n.event, n.external_id, order_id, n.digest, n.proof, 'locked',
                                   decode(n.data_key, 'base64'), decode(n.body, 'base64'), n.size, n.address, NULL, n.verdict,
                                   n.took_ms, n.told_at) k;
                said := CASE WHEN v_fresh THEN 'kept' ELSE 'repeat' END;
                INSERT INTO replays (id, notice_id, actor, reason, asked_at, due_at, attempts)
                SELECT gen_random_uuid(), v_id, p_actor, 'its order was locked when it came', clock_timestamp(),
                       clock_timestamp() + interval '5 seconds', 0
                 WHERE v_fresh;
            END IF;
        ELSIF v.order_id::text = n.order_id AND v.order_state = n.src AND v.price = n.price AND v.currency = n.currency
              AND v.pay_amount = n.pay_amount AND v.pay_currency = n.pay_currency
              AND v.rank BETWEEN n.rank_from AND n.rank_to
              AND (CASE WHEN n.is_guess THEN v.rank < n.rank OR coalesce(n.news_told_at >= v.told_at, true)
                        ELSE v.told_at IS NOT DISTINCT FROM n.known_told_at END) THEN
            order_id := v.order_id;
            SELECT k.o_fresh INTO v_fresh
              FROM keep_notice(n.id, p_source, n.event, n.external_id, v.order_id, n.digest, n.proof, n.outcome,
                               decode(n.data_key, 'base64'), decode(n.body, 'base64'), n.size, n.address, NULL, n.verdict,
                               n.took_ms, n.told_at) k;
            said := CASE WHEN v_fresh THEN 'taken' ELSE 'repeat' END;
            IF v_fresh AND n.state IS NOT NULL THEN
                moved := take_news(v.id, n.state, n.rank, n.actually_paid, false, n.poll_seconds, v.order_id, n.src, n.dst,
                                   p_actor, n.reason, n.data, n.due_seconds, n."case", n.news_told_at);
            END IF;
        ELSE
            gateway_payment_id := n.about; order_id := v.order_id; order_state := v.order_state; payment_id := v.id;
            payment_rank := v.rank; told_at := v.told_at; price := v.price; currency := v.currency;
            pay_amount := v.pay_amount; pay_currency := v.pay_currency;
            UPDATE notices SET repeats = repeats + 1, seen_at = clock_timestamp()
             WHERE source = p_source AND digest = n.digest;
            said := CASE WHEN FOUND THEN 'repeat' ELSE 'otherwise' END;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;
