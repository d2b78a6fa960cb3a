-- Those who may act on the shop, and how they sign in.

CREATE TABLE admins (
    id            uuid PRIMARY KEY,
    email         text NOT NULL UNIQUE CHECK (email = lower(email)),
    role          text NOT NULL CHECK (role IN ('owner', 'operator', 'read-only')),
    password_hash text,                           -- argon2id; none: signs in by mail alone
    data_key      bytea,                          -- wrapped; of the secret below
    totp_sealed   bytea,                          -- the secret of the one-time codes; none: no codes are asked for
    totp_step     bigint NOT NULL DEFAULT 0,      -- of the last code that was taken: none counts twice
    generation    integer NOT NULL DEFAULT 1,     -- sessions and links of another one are over
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at   timestamptz,
    CHECK ((data_key IS NULL) = (totp_sealed IS NULL))
);

-- A session is its cookie's; what is kept of that is a digest.
CREATE TABLE admin_sessions (
    id         uuid PRIMARY KEY,
    digest     bytea NOT NULL UNIQUE,             -- SHA-256 of the cookie
    admin_id   uuid NOT NULL REFERENCES admins (id),
    generation integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    lapses_at  timestamptz NOT NULL,              -- unless it is seen again before
    expires_at timestamptz NOT NULL,              -- whatever is seen
    ended_at   timestamptz,                       -- signed out, or revoked
    address    text NOT NULL,
    user_agent text NOT NULL
);
CREATE INDEX admin_sessions_admin_id ON admin_sessions (admin_id);
CREATE INDEX admin_sessions_lapses_at ON admin_sessions (lapses_at);

-- Links to sign in by. One that nobody may use is kept as well, so that an unknown address costs what a known one does.
CREATE TABLE admin_links (
    id         uuid PRIMARY KEY,
    admin_id   uuid REFERENCES admins (id),
    generation integer,
    asked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    digest     bytea UNIQUE,                      -- SHA-256 of what the letter carries, once it is written
    expires_at timestamptz,
    used_at    timestamptz
);
CREATE INDEX admin_links_admin_id ON admin_links (admin_id);
CREATE INDEX admin_links_asked_at ON admin_links (asked_at);

-- Sessions that give a right now.
CREATE VIEW living_sessions AS
    SELECT s.id, s.digest, s.admin_id, a.email, a.role, s.seen_at, s.lapses_at, s.expires_at, s.address, s.user_agent
      FROM admin_sessions s JOIN admins a ON a.id = s.admin_id
     WHERE s.ended_at IS NULL AND s.lapses_at > clock_timestamp()
       AND a.disabled_at IS NULL AND a.generation = s.generation;
