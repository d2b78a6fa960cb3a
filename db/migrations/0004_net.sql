-- The net: what sweep finds by one index per state, what raises an alarm, and cases that a person resolves.

-- When the alarm for the present state was raised; a move clears it.
ALTER TABLE orders ADD COLUMN alarmed_at timestamptz;

-- The state is the outbox: an order that goes on by itself can never be forgotten by whoever schedules it.
UPDATE orders SET due_at = now() WHERE due_at IS NULL AND state IN ('paid', 'waiting', 'ready');
ALTER TABLE orders ADD CONSTRAINT orders_due CHECK (due_at IS NOT NULL OR state NOT IN ('paid', 'waiting', 'ready'));

DROP INDEX orders_due_at;
CREATE INDEX orders_due ON orders (state, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX orders_standing ON orders (state, moved_at) WHERE alarmed_at IS NULL
    AND state IN ('paid', 'waiting', 'ready', 'review', 'failed', 'refund_due');
CREATE INDEX orders_unpaid ON orders (moved_at) WHERE state = 'created';

-- When a purchase is read again whatever its order does; `manual` waits for a person.
ALTER TABLE purchases ADD COLUMN check_at timestamptz NOT NULL DEFAULT now() + interval '1 minute';
CREATE INDEX purchases_check_at ON purchases (check_at)
    WHERE state IN ('intent', 'sending', 'placed', 'ambiguous', 'committing', 'waiting', 'partial', 'blocked');

-- What a refund rests on, or where a purchase was found.
ALTER TABLE cases ADD COLUMN basis jsonb;
CREATE INDEX cases_order_id ON cases (order_id);
CREATE INDEX cases_stuck ON cases (opened_at) WHERE state = 'open' AND kind = 'stuck';

-- What beats: `sweep`, when one last went through; `polls`, until when slots for questions to the gateway are given.
CREATE TABLE beats (
    name text PRIMARY KEY,
    at   timestamptz NOT NULL
);
INSERT INTO beats VALUES ('sweep', now()), ('polls', now());

-- As before; a move also ends the alarm.
CREATE OR REPLACE FUNCTION advance_order(
    p_order uuid, p_src text, p_dst text, p_actor text, p_reason text, p_data jsonb, p_due_seconds double precision
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_seq integer;
BEGIN
    UPDATE orders
       SET state = p_dst, seq = seq + 1, moved_at = clock_timestamp(), hold = NULL, alarmed_at = NULL,
           due_at = clock_timestamp() + p_due_seconds * interval '1 second'
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

-- Between two questions about a payment: densely while it is young, then a tenth of its age, at most two hours.
CREATE FUNCTION poll_pause(p_created timestamptz, p_seconds double precision) RETURNS interval LANGUAGE sql AS $$
    SELECT greatest(p_seconds * interval '1 second', least((clock_timestamp() - p_created) / 10, interval '2 hours'))
$$;

-- Asks a person about money. An open question gets the newest figures; one that was answered with the same figures is
-- not asked again, however often the gateway repeats itself: with the transaction in a read, without it in a notice.
-- A child payment has no row of its own: its id is the subject. Returns whether the question is open now.
CREATE FUNCTION ask_about_money(p_order uuid, p_payment uuid, p_kind text, p_figures jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_subject text := CASE WHEN p_figures ? 'parent_payment_id' THEN p_figures->>'payment_id' ELSE p_payment::text END;
    v_beside text[] := '{transaction,received_at}';
BEGIN
    INSERT INTO cases (id, order_id, subject, kind, figures, state, opened_at)
    SELECT gen_random_uuid(), p_order, v_subject, p_kind, p_figures, 'open', clock_timestamp()
     WHERE NOT EXISTS (SELECT 1 FROM cases c WHERE c.order_id = p_order AND c.kind = p_kind AND c.subject = v_subject
                          AND c.state = 'resolved' AND c.figures - v_beside = p_figures - v_beside)
    ON CONFLICT (order_id, kind, subject) WHERE state = 'open'
    DO UPDATE SET figures = cases.figures || EXCLUDED.figures
     WHERE cases.figures || EXCLUDED.figures <> cases.figures;
    RETURN EXISTS (SELECT 1 FROM cases WHERE order_id = p_order AND kind = p_kind AND subject = v_subject
                                         AND state = 'open');
END $$;

-- As before, but polls space themselves out, and what a person has answered neither asks nor moves anything again.
CREATE OR REPLACE FUNCTION take_news(
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

-- Up to `p_limit` payments about which the gateway is to be asked now, each with the seconds to wait first: all clocks
-- together take no more than `p_rate` slots a second, and none that lies further away than `p_window` seconds.
CREATE FUNCTION claim_polls(
    p_limit integer, p_again double precision, p_rate double precision, p_window double precision
) RETURNS TABLE (o_payment uuid, o_wait double precision) LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_from timestamptz;
    v_free integer;
    v_taken integer;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM payments WHERE poll_at <= v_now) THEN
        RETURN;
    END IF;
    SELECT greatest(at, v_now) INTO v_from FROM beats WHERE name = 'polls' FOR UPDATE;
    v_free := least(p_limit, ceil(extract(epoch FROM v_now - v_from + p_window * interval '1 second') * p_rate));
    IF v_free < 1 THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH claimed AS (
            UPDATE payments SET poll_at = v_now + poll_pause(created_at, p_again) WHERE id = ANY(ARRAY(
                SELECT id FROM payments WHERE poll_at <= v_now ORDER BY poll_at LIMIT v_free FOR UPDATE SKIP LOCKED))
            RETURNING id)
        SELECT id, extract(epoch FROM v_from - v_now)::double precision + (row_number() OVER () - 1) / p_rate
          FROM claimed;
    GET DIAGNOSTICS v_taken = ROW_COUNT;
    UPDATE beats SET at = v_from + v_taken / p_rate * interval '1 second' WHERE name = 'polls';
END $$;
