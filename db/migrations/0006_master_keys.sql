-- Master keys by number, each with a proof that the process which holds it now holds the one that sealed here.
CREATE TABLE master_keys (
    number        bigint PRIMARY KEY,
    proof         bytea NOT NULL,                 -- a data key of its own, wrapped: it seals nothing
    first_seen_at timestamptz NOT NULL
);

-- Keys of the shop itself, wrapped as an order's data key is, so that they outlive their master key.
CREATE TABLE shop_keys (
    name       text PRIMARY KEY,                  -- fingerprints
    data_key   bytea NOT NULL,
    created_at timestamptz NOT NULL
);
