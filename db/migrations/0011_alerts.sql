-- What a person is to be told: each matter once, and again while it lasts.
CREATE TABLE alerts (
    id        uuid PRIMARY KEY,
    matter    text NOT NULL UNIQUE,               -- the row that it is about: case:…, job:…, block:…, silence:…
    kind      text NOT NULL,
    about     text NOT NULL,                      -- state, actor, provider or source; never anybody's data
    order_id  uuid REFERENCES orders (id),
    raised_at timestamptz NOT NULL,
    times     integer NOT NULL,                   -- how often it was told
    told_at   timestamptz,
    due_at    timestamptz,                        -- when it is told next; none once it has ended
    ended_at  timestamptz
);
CREATE INDEX alerts_due ON alerts (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alerts_order_id ON alerts (order_id);

-- Who was heard when.
CREATE INDEX notices_heard ON notices (source, received_at);
