-- Tokens that end before their time.
CREATE TABLE revocations (
    subject text PRIMARY KEY,                     -- admin:<name> or token:<jti>
    before  timestamptz NOT NULL,                 -- tokens issued until then give no right
    by      text NOT NULL,
    reason  text NOT NULL
);
