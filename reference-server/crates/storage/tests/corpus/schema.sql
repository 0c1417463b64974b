-- The tables of an imagined plugin, as its migrations would make them.
CREATE TYPE mood AS ENUM ('glad', 'calm', 'sad');
CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100);

CREATE TABLE checklists (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id    uuid REFERENCES tasks (id) ON DELETE CASCADE,
    title      text NOT NULL,
    position   integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE items (
    id           bigserial PRIMARY KEY,
    checklist_id uuid NOT NULL REFERENCES checklists (id) ON DELETE CASCADE,
    title        text NOT NULL,
    done         boolean NOT NULL DEFAULT false,
    weight       numeric(8, 2) NOT NULL DEFAULT 1,
    tags         text[] NOT NULL DEFAULT '{}',
    meta         jsonb NOT NULL DEFAULT '{}',
    due          date,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz,
    UNIQUE (checklist_id, title)
);
CREATE INDEX items_meta ON items USING gin (meta);
CREATE TABLE time_entries (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id    uuid REFERENCES tasks (id) ON DELETE CASCADE,
    user_id    uuid REFERENCES users (id),
    minutes    integer NOT NULL CHECK (minutes > 0),
    spent_on   date NOT NULL,
    note       text NOT NULL DEFAULT '',
    how        mood,
    billed     percent NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE nodes (id integer PRIMARY KEY, parent integer REFERENCES nodes (id), name text NOT NULL);
CREATE TABLE counters (name text PRIMARY KEY, value bigint NOT NULL DEFAULT 0, changed timestamptz);
CREATE TABLE files (name text PRIMARY KEY, content bytea NOT NULL, sum text GENERATED ALWAYS AS (encode(sha256(content), 'hex')) STORED);
CREATE TABLE bookings (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room text NOT NULL, during tsrange NOT NULL);
CREATE TABLE notes (id integer PRIMARY KEY, body text NOT NULL, search tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED);
CREATE VIEW open_items AS SELECT id, title, checklist_id FROM items WHERE NOT done;
