-- Dead jobs that can be retried from their row, and blocks: providers that refuse our account.

ALTER TABLE jobs
    ADD COLUMN order_id     uuid REFERENCES orders (id),  -- whose work it was, if it was an order's
    ADD COLUMN deaths       integer NOT NULL DEFAULT 1,   -- messages that ended here since the last retry
    ADD COLUMN retried_at   timestamptz,
    ADD COLUMN retried_by   text,
    ADD COLUMN retry_reason text;

UPDATE jobs j SET order_id = o.id FROM orders o WHERE o.id::text = j.subject_id;

-- Sweep sends a step again as long as its row stands still: one dead job tells as much as a hundred.
DELETE FROM jobs j USING jobs later
 WHERE j.state = 'dead' AND later.state = 'dead' AND j.actor = later.actor AND j.subject_id = later.subject_id
   AND (j.failed_at, j.id) < (later.failed_at, later.id);
CREATE UNIQUE INDEX jobs_dead ON jobs (actor, subject_id) WHERE state = 'dead';
CREATE INDEX jobs_order_id ON jobs (order_id);

-- A provider refuses our account (key, balance, quota): no order's fault, and an operator must hear of it, once.
CREATE TABLE blocks (
    id        uuid PRIMARY KEY,
    provider  text NOT NULL,
    code      text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE UNIQUE INDEX blocks_open ON blocks (provider) WHERE closed_at IS NULL;
