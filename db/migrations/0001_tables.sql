-- What we remember. Every state has a door (0002_doors.sql); every "once" is a unique constraint.

CREATE TABLE products (
    id            uuid PRIMARY KEY,
    sku           text NOT NULL UNIQUE,
    name          text NOT NULL,
    price         numeric(12, 2) NOT NULL CHECK (price > 0),
    currency      text NOT NULL,
    supplier      text NOT NULL,
    supplier_ref  text NOT NULL,
    max_cost      numeric(12, 2) NOT NULL CHECK (max_cost > 0), -- never pay the supplier more per unit
    cost_currency text NOT NULL,
    text_only     boolean NOT NULL,
    active        boolean NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE TABLE orders (
    id                 uuid PRIMARY KEY,
    state              text NOT NULL CHECK (state IN ('created', 'paid', 'waiting', 'ready', 'fulfilled', 'expired',
                                                      'review', 'failed', 'refund_due', 'refunded')),
    seq                integer NOT NULL,          -- of the last move
    email              text NOT NULL,
    price              numeric(12, 2) NOT NULL CHECK (price > 0),
    currency           text NOT NULL,
    pay_currency       text NOT NULL,
    idempotency_key    text UNIQUE,
    idempotency_digest text,                      -- of the request that came with the key
    data_key           bytea,                     -- wrapped by a master key; its loss shreds the order's keys
    hold               text,                      -- why a paid order is parked
    due_at             timestamptz,               -- when sweep looks again; NULL: nothing is due
    created_at         timestamptz NOT NULL,
    moved_at           timestamptz NOT NULL
);
CREATE INDEX orders_due_at ON orders (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX orders_created_at ON orders (created_at, id);
CREATE INDEX orders_email ON orders (email);

CREATE TABLE lines (
    id            uuid PRIMARY KEY,
    order_id      uuid NOT NULL REFERENCES orders (id),
    position      integer NOT NULL,
    product_id    uuid NOT NULL REFERENCES products (id),
    name          text NOT NULL,
    quantity      integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    unit_price    numeric(12, 2) NOT NULL,
    supplier      text NOT NULL,
    supplier_ref  text NOT NULL,
    max_cost      numeric(12, 2) NOT NULL,
    cost_currency text NOT NULL,
    text_only     boolean NOT NULL,
    UNIQUE (order_id, position)
);

-- The journal: one row per change of an order's state, followed by the relay. `xid` lets a reader tell which
-- transactions can still commit below a row (DESIGN §3, live events).
CREATE TABLE moves (
    id       bigserial PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    seq      integer NOT NULL,
    src      text,                                -- NULL: the order was placed
    dst      text NOT NULL,
    actor    text NOT NULL,
    reason   text NOT NULL,
    data     jsonb NOT NULL,
    xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at       timestamptz NOT NULL,
    UNIQUE (order_id, seq)
);
CREATE INDEX moves_xid_id ON moves (xid, id);
-- An order is paid for the first time once.
CREATE UNIQUE INDEX moves_first_paid ON moves (order_id) WHERE dst = 'paid' AND src = 'created';

-- Tells two histories apart: a restored backup gets a new epoch, so that no client resumes across it.
CREATE TABLE journal_epoch (
    id         uuid PRIMARY KEY,
    started_at timestamptz NOT NULL
);
INSERT INTO journal_epoch VALUES (gen_random_uuid(), now());

CREATE TABLE payments (
    id                 uuid PRIMARY KEY,
    order_id           uuid NOT NULL REFERENCES orders (id),
    gateway            text NOT NULL,
    gateway_payment_id text NOT NULL,
    state              text NOT NULL,
    rank               integer NOT NULL,
    price              numeric(12, 2) NOT NULL,
    currency           text NOT NULL,
    pay_amount         numeric(38, 18) NOT NULL CHECK (pay_amount > 0),
    pay_currency       text NOT NULL,
    pay_address        text NOT NULL,
    payin_extra_id     text,
    actually_paid      numeric(38, 18),
    confirmed_at       timestamptz,               -- when the gateway itself said `finished` to our question
    poll_at            timestamptz,               -- when to ask again; NULL: no longer
    valid_until        timestamptz,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    UNIQUE (gateway, gateway_payment_id)
);
CREATE INDEX payments_order_id ON payments (order_id);
CREATE INDEX payments_poll_at ON payments (poll_at) WHERE poll_at IS NOT NULL;

CREATE TABLE notices (
    id          uuid PRIMARY KEY,
    source      text NOT NULL,
    event       text NOT NULL,
    external_id text,                             -- the sender's id of the thing: payment, supplier order
    order_id    uuid REFERENCES orders (id),
    digest      text NOT NULL,                    -- equal for repeats of one notice
    proof       text NOT NULL,                    -- how the sender proved itself
    outcome     text NOT NULL,
    data_key    bytea NOT NULL,                   -- wrapped; opens the sealed body
    body        bytea NOT NULL,                   -- sealed
    size        integer NOT NULL,                 -- bytes, of the body as received
    address     text NOT NULL,                    -- the sender's network address
    repeats     integer NOT NULL,
    replays     integer NOT NULL,
    received_at timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,             -- last repeat
    UNIQUE (source, digest)
);
CREATE INDEX notices_received_at ON notices (received_at, id);
CREATE INDEX notices_order_id ON notices (order_id);
CREATE INDEX notices_external_id ON notices (source, external_id);

CREATE TABLE purchases (
    id              uuid PRIMARY KEY,
    order_id        uuid NOT NULL REFERENCES orders (id),
    line_id         uuid NOT NULL REFERENCES lines (id),
    generation      integer NOT NULL,             -- a new one only after a definite end of the one before
    supplier        text NOT NULL,
    purchase_ref    text NOT NULL UNIQUE,         -- our external id at the supplier; never changes
    supplier_ref    text,                         -- the supplier's id (reservation id in the other dialect)
    state           text NOT NULL,
    attempt         integer NOT NULL,             -- fencing: an answer to an older attempt is refused
    lease_until     timestamptz,                  -- while a money call may be under way
    looks           integer NOT NULL,             -- rungs of the search ladder climbed
    look_at         timestamptz,                  -- next rung
    product_ref     text NOT NULL,
    quantity        integer NOT NULL,
    max_price       numeric(12, 2) NOT NULL,
    currency        text NOT NULL,
    text_only       boolean NOT NULL,
    supplier_status text,
    keys_expected   integer NOT NULL,
    keys_stored     integer NOT NULL,
    error           text,
    created_at      timestamptz NOT NULL,
    moved_at        timestamptz NOT NULL,
    UNIQUE (line_id, generation),
    UNIQUE (supplier, supplier_ref)
);
CREATE INDEX purchases_order_id ON purchases (order_id);
-- One live purchase per line, whatever the code thinks.
CREATE UNIQUE INDEX purchases_live_line ON purchases (line_id) WHERE state <> 'failed';

CREATE TABLE purchase_moves (
    id          bigserial PRIMARY KEY,
    purchase_id uuid NOT NULL REFERENCES purchases (id),
    src         text,
    dst         text NOT NULL,
    attempt     integer NOT NULL,
    note        text NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX purchase_moves_purchase_id ON purchase_moves (purchase_id);

CREATE TABLE keys (
    id              uuid PRIMARY KEY,             -- derived from purchase and supplier's key id: a repeat is the same key
    order_id        uuid NOT NULL REFERENCES orders (id),
    line_id         uuid NOT NULL REFERENCES lines (id),
    purchase_id     uuid NOT NULL REFERENCES purchases (id),
    supplier        text NOT NULL,
    supplier_key_id text NOT NULL,
    media_type      text NOT NULL,
    object_name     text NOT NULL UNIQUE,
    object_digest   text NOT NULL,                -- SHA-256 of the sealed bytes in the store
    fingerprint     text NOT NULL,                -- keyed; tells duplicates without telling the key
    stored_at       timestamptz NOT NULL,
    UNIQUE (supplier, supplier_key_id)
);
CREATE INDEX keys_order_id ON keys (order_id);
CREATE INDEX keys_fingerprint ON keys (fingerprint);

CREATE TABLE letters (
    id              uuid PRIMARY KEY,
    order_id        uuid NOT NULL REFERENCES orders (id),
    kind            text NOT NULL,
    generation      integer NOT NULL,
    state           text NOT NULL CHECK (state IN ('kept', 'sending', 'sent', 'failed')),
    idempotency_key text NOT NULL UNIQUE,
    recipient       text NOT NULL,
    subject         text NOT NULL,
    data_key        bytea NOT NULL,               -- wrapped; the content holds a link that is a right
    content         bytea NOT NULL,               -- sealed: rendered once, sent as it is
    attempts        integer NOT NULL,
    provider        text,
    provider_id     text,
    error           text,
    created_at      timestamptz NOT NULL,
    sending_at      timestamptz,                  -- when the last try began
    sent_at         timestamptz,
    UNIQUE (order_id, kind, generation)
);

CREATE TABLE cases (
    id          uuid PRIMARY KEY,
    order_id    uuid NOT NULL REFERENCES orders (id),
    subject     text NOT NULL,                    -- the payment, purchase or key that it is about
    kind        text NOT NULL,
    figures     jsonb NOT NULL,
    state       text NOT NULL CHECK (state IN ('open', 'resolved')),
    opened_at   timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by text,
    resolution  text,
    reason      text
);
CREATE UNIQUE INDEX cases_open ON cases (order_id, kind, subject) WHERE state = 'open';
CREATE INDEX cases_opened_at ON cases (opened_at, id);

CREATE TABLE jobs (
    id          uuid PRIMARY KEY,
    actor       text NOT NULL,
    subject_id  text NOT NULL,                    -- the id that the message carried
    message_id  text NOT NULL UNIQUE,
    attempts    integer NOT NULL,
    error_class text NOT NULL,
    error       text NOT NULL,                    -- redacted
    traceback   text NOT NULL,                    -- redacted
    state       text NOT NULL CHECK (state IN ('dead', 'retried')),
    failed_at   timestamptz NOT NULL
);
CREATE INDEX jobs_failed_at ON jobs (failed_at, id);

CREATE TABLE access_records (
    id         bigserial PRIMARY KEY,
    order_id   uuid REFERENCES orders (id),
    action     text NOT NULL,                     -- reveal, download_link, replay, deliver, …
    actor      text NOT NULL,
    outcome    text NOT NULL,
    address    text NOT NULL,
    user_agent text NOT NULL,
    details    jsonb NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX access_records_order_id ON access_records (order_id, id);
