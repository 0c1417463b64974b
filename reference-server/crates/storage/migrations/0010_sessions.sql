-- Sessions: what a token belongs to, for as long as its refresh token lives. Signing out, a refresh
-- token that is used twice and a new password are remembered here, on every replica and across
-- restarts.
CREATE TABLE sessions (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The one refresh token that may still be exchanged, by its id.
    refresh_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_user_id ON sessions (user_id);
