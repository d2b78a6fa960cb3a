-- What a person does to an order: a hold that nothing buys past, and answers that a repeat of the request gets again.

ALTER TABLE orders
    ADD COLUMN held_at  timestamptz,              -- since when nothing is bought for it, by a person's word
    ADD COLUMN held_by  text,
    ADD COLUMN held_why text;

-- Requests that came with an Idempotency-Key, and what they were answered.
CREATE TABLE answered (
    actor    text NOT NULL,
    route    text NOT NULL,                       -- method and path
    key      text NOT NULL,
    digest   text NOT NULL,                       -- of the body
    status   integer,                             -- NULL: it still runs, or its end is not known
    body     text,
    began_at timestamptz NOT NULL,
    PRIMARY KEY (actor, route, key)
);
CREATE INDEX answered_began_at ON answered (began_at);

-- What was found out last, and when: however many ask, it is found out once in a while.
CREATE TABLE sayings (
    subject  text PRIMARY KEY,                    -- purchase:…, balance:…, orders
    asked_at timestamptz NOT NULL,
    said_at  timestamptz,
    said     jsonb
);
