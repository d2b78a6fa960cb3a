-- The usual notices of a batch are taken together, by two statements for all of them; each other by itself, as before.

-- A notice as its caller tells it.
CREATE TYPE told_notice AS (
    -- the notice, as keep_notice takes it; data key and body in base64
    id uuid, event text, external_id text, digest text, proof text, outcome text, data_key text, body text, size integer,
    address text, verdict text, took_ms double precision, told_at timestamptz,
    -- what is taken for granted; a guess allows any rank between two, and any time that makes the news not late
    about text, order_id uuid, src text, price numeric, currency text, pay_amount numeric, pay_currency text,
    rank_from integer, rank_to integer, known_told_at timestamptz, is_guess boolean, is_last boolean,
    -- what take_news is to do; no state: nothing
    state text, rank integer, actually_paid numeric, poll_seconds double precision, dst text, reason text, data jsonb,
    due_seconds double precision, "case" text, news_told_at timestamptz);

-- What its caller is told of it; what `said` may be, see 0014_notice_batches.sql.
CREATE TYPE notice_answer AS (
    said text, moved boolean, gateway_payment_id text, order_id uuid, order_state text, payment_id uuid, payment_rank integer,
    told_at timestamptz, price numeric, currency text, pay_amount numeric, pay_currency text);

-- Whether our rows say what is taken for granted.
CREATE FUNCTION stands(n told_notice, p payments, o orders) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT o.id = n.order_id AND o.state = n.src AND p.price = n.price AND p.currency = n.currency
       AND p.pay_amount = n.pay_amount AND p.pay_currency = n.pay_currency
       AND p.rank BETWEEN n.rank_from AND n.rank_to
       AND CASE WHEN n.is_guess THEN p.rank < n.rank OR coalesce(n.news_told_at >= p.told_at, true)
                ELSE p.told_at IS NOT DISTINCT FROM n.known_told_at END
$$;

-- One notice by itself.
CREATE FUNCTION take_notice(n told_notice, p_source text, p_actor text) RETURNS notice_answer LANGUAGE plpgsql AS $$
DECLARE
    a notice_answer;
    v record;
    v_id uuid;
    v_fresh boolean;
BEGIN
    SELECT p.id, p.order_id, o.state, p.rank, p.told_at, p.price, p.currency, p.pay_amount, p.pay_currency,
           stands(n, p, o) AS stands
      INTO v FROM payments p JOIN orders o ON o.id = p.order_id
     WHERE p.gateway = p_source AND p.gateway_payment_id = n.about
       FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        a.said := CASE WHEN EXISTS (SELECT 1 FROM payments p WHERE p.gateway = p_source AND p.gateway_payment_id = n.about)
                       THEN 'locked' ELSE 'unknown' END;
        IF a.said = 'locked' AND n.is_last THEN
            -- Its order is named where that needs no lock that somebody else holds.
            SELECT o.id INTO a.order_id FROM payments p JOIN orders o ON o.id = p.order_id
             WHERE p.gateway = p_source AND p.gateway_payment_id = n.about FOR KEY SHARE OF o SKIP LOCKED;
            SELECT k.o_id, k.o_fresh INTO v_id, v_fresh
              FROM keep_notice(n.id, p_source, n.event, n.external_id, a.order_id, n.digest, n.proof, 'locked',
                               decode(n.data_key, 'base64'), decode(n.body, 'base64'), n.size, n.address, NULL, n.verdict,
                               n.took_ms, n.told_at) k;
            a.said := CASE WHEN v_fresh THEN 'kept' ELSE 'repeat' END;
            INSERT INTO replays (id, notice_id, actor, reason, asked_at, due_at, attempts)
            SELECT gen_random_uuid(), v_id, p_actor, 'its order was locked when it came', clock_timestamp(),
                   clock_timestamp() + interval '5 seconds', 0
             WHERE v_fresh;
        END IF;
    ELSIF v.stands THEN
        a.order_id := v.order_id;
        SELECT k.o_fresh INTO v_fresh
          FROM keep_notice(n.id, p_source, n.event, n.external_id, v.order_id, n.digest, n.proof, n.outcome,
                           decode(n.data_key, 'base64'), decode(n.body, 'base64'), n.size, n.address, NULL, n.verdict,
                           n.took_ms, n.told_at) k;
        a.said := CASE WHEN v_fresh THEN 'taken' ELSE 'repeat' END;
        IF v_fresh AND n.state IS NOT NULL THEN
            a.moved := take_news(v.id, n.state, n.rank, n.actually_paid, false, n.poll_seconds, v.order_id, n.src, n.dst,
                                 p_actor, n.reason, n.data, n.due_seconds, n."case", n.news_told_at);
        END IF;
    ELSE
        UPDATE notices SET repeats = repeats + 1, seen_at = clock_timestamp()
         WHERE source = p_source AND digest = n.digest;
        a := (CASE WHEN FOUND THEN 'repeat' ELSE 'otherwise' END, NULL, n.about, v.order_id, v.state, v.id, v.rank, v.told_at,
              v.price, v.currency, v.pay_amount, v.pay_currency);
    END IF;
    RETURN a;
END $$;

-- Notices that all stand, each about a payment and an order of its own, whose rows the caller has locked and read. They
-- ask no person. Returns the ids of those that are new, and of those among them that moved their orders.
--
-- It leaves behind, row for row, what keep_notice, take_news and advance_order would: tests/db/test_batches.py compares.
-- What is written is found by lists of keys and by nothing else, so that a plan that was made while a table was small
-- finds it that way, too.
CREATE FUNCTION take_usual(
    p_notices told_notice[], p_payments uuid[], p_source text, p_actor text, OUT o_fresh uuid[], OUT o_moved uuid[]
) LANGUAGE plpgsql AS $$
BEGIN
    WITH n AS MATERIALIZED (
        SELECT * FROM ROWS FROM (unnest(p_payments), unnest(p_notices)) AS n (payment_id)
    ), kept AS (
        INSERT INTO notices (id, source, event, external_id, order_id, digest, proof, outcome, data_key, body, size, address,
                             repeats, replays, received_at, seen_at, verdict, took_ms, told_at)
        SELECT n.id, p_source, n.event, n.external_id, n.order_id, n.digest, n.proof, n.outcome, decode(n.data_key, 'base64'),
               decode(n.body, 'base64'), n.size, n.address, 0, 0, clock_timestamp(), clock_timestamp(), n.verdict, n.took_ms,
               n.told_at
          FROM n
        ON CONFLICT (source, digest) DO UPDATE SET repeats = notices.repeats + 1, seen_at = clock_timestamp()
        RETURNING id
    ), news AS MATERIALIZED (
        SELECT n.* FROM n JOIN kept ON kept.id = n.id WHERE n.state IS NOT NULL
    ), paid AS (
        UPDATE payments p
           SET state = CASE WHEN n.rank > p.rank THEN n.state ELSE p.state END,
               rank = greatest(p.rank, n.rank),
               actually_paid = CASE WHEN n.rank > p.rank OR (n.rank = p.rank AND coalesce(n.news_told_at >= p.told_at, true))
                                    THEN coalesce(n.actually_paid, p.actually_paid) ELSE p.actually_paid END,
               told_at = greatest(p.told_at, n.news_told_at),
               poll_at = CASE WHEN n.poll_seconds IS NOT NULL
                              THEN clock_timestamp() + poll_pause(p.created_at, n.poll_seconds) END,
               updated_at = clock_timestamp()
          FROM news n
         WHERE p.id = ANY (ARRAY(SELECT payment_id FROM news)) AND p.id = n.payment_id
    ), gone AS (
        UPDATE orders o
           SET state = n.dst, seq = o.seq + 1, moved_at = clock_timestamp(), hold = NULL, alarmed_at = NULL,
               due_at = clock_timestamp() + n.due_seconds * interval '1 second'
          FROM news n
         WHERE o.id = ANY (ARRAY(SELECT order_id FROM news WHERE dst IS NOT NULL)) AND o.id = n.order_id
           AND (o.state = n.src) IS TRUE
        RETURNING n.id, n.order_id, o.seq, n.src, n.dst, n.reason, n.data
    ), journal AS (
        INSERT INTO moves (order_id, seq, src, dst, actor, reason, data, xid, at)
        SELECT g.order_id, g.seq, g.src, g.dst, p_actor, g.reason, g.data,
               greatest(pg_current_xact_id(),
                        (SELECT m.xid FROM moves m WHERE m.order_id = g.order_id ORDER BY m.seq DESC LIMIT 1)),
               clock_timestamp()
          FROM gone g
    )
    SELECT array_agg(n.id), array_agg(gone.id) INTO o_fresh, o_moved
      FROM n JOIN kept ON kept.id = n.id LEFT JOIN gone ON gone.id = n.id;
END $$;

DROP FUNCTION take_notices(json, text, text);

-- As in 0014, and: together go those that stand, ask no person, and share neither payment nor order nor digest with
-- another of the batch. Their rows are locked by one statement and written by the next, which reads them anew: nothing
-- is decided by what stood there before the lock. The others follow, in the order in which they came.
CREATE FUNCTION take_notices(p_notices json, p_source text, p_actor text) RETURNS SETOF notice_answer LANGUAGE plpgsql
  SET lock_timeout = '300ms'
  -- A plan is made once for a connection; it finds rows by their keys, however few there were then.
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    v_told told_notice[] := ARRAY(SELECT t FROM json_populate_recordset(NULL::told_notice, p_notices) t);
    v_usual told_notice[];
    v_ids uuid[];
    v_payments uuid[];
    v_fresh uuid[];
    v_moved uuid[];
    n told_notice;
    a notice_answer;
BEGIN
    SELECT array_agg(t), array_agg(t.id), array_agg(ours.id) INTO v_usual, v_ids, v_payments
      FROM unnest(v_told) t, LATERAL (
               SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id
                WHERE p.gateway = p_source AND p.gateway_payment_id = t.about AND stands(t, p, o) IS TRUE
                  FOR NO KEY UPDATE SKIP LOCKED) ours
     WHERE t."case" IS NULL AND NOT EXISTS (
               SELECT 1 FROM unnest(v_told) other
                WHERE other.id <> t.id
                  AND (other.about = t.about OR other.order_id = t.order_id OR other.digest = t.digest));
    IF v_ids IS NOT NULL THEN
        SELECT u.o_fresh, u.o_moved INTO v_fresh, v_moved FROM take_usual(v_usual, v_payments, p_source, p_actor) u;
    END IF;
    FOREACH n IN ARRAY v_told LOOP
        a := NULL;
        IF n.id = ANY(v_ids) THEN
            a.said := CASE WHEN n.id = ANY(v_fresh) THEN 'taken' ELSE 'repeat' END;
            a.moved := n.id = ANY(v_moved);
            a.order_id := n.order_id;
        ELSE
            a := take_notice(n, p_source, p_actor);
        END IF;
        RETURN NEXT a;
    END LOOP;
END $$;
