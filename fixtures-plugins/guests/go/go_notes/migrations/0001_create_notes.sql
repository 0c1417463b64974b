CREATE TABLE notes (
    id         UUID        PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id UUID        NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    task_id    UUID        REFERENCES tasks (id) ON DELETE SET NULL,
    token      TEXT        NOT NULL UNIQUE,
    text       TEXT        NOT NULL,
    stars      INTEGER     NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX notes_by_project ON notes (project_id, created_at);
