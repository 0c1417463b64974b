-- The core tables that plugins join and reference, with the names that plugins in the wild use.
-- Plugin schemas live beside them in the same database, so that foreign keys work.

-- Versions before 15 let everybody create objects in public; a plugin's confinement needs that gone.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE TABLE global_roles (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        text NOT NULL UNIQUE,
    permissions jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id                   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    username             text NOT NULL CONSTRAINT users_username_key UNIQUE,
    password_hash        text NOT NULL,
    full_name            text NOT NULL DEFAULT '',
    role_id              uuid NOT NULL REFERENCES global_roles (id),
    must_change_password boolean NOT NULL DEFAULT false,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    deleted_at           timestamptz
);

CREATE TABLE projects (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name           text NOT NULL,
    description    text NOT NULL DEFAULT '',
    settings       jsonb NOT NULL DEFAULT '{}',
    task_id_prefix text NOT NULL DEFAULT '',
    -- The highest task number given out. Taking a number locks this row, so two tasks of one
    -- project can never get the same one.
    task_counter   integer NOT NULL DEFAULT 0,
    created_by     uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    -- Projects, tasks and users are marked, not removed: removing a row would fire whatever
    -- ON DELETE action plugins attached to it.
    deleted_at     timestamptz
);

CREATE TABLE project_roles (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- NULL marks a template, copied into every new project.
    project_id  uuid REFERENCES projects (id) ON DELETE CASCADE,
    role_name   text NOT NULL,
    permissions jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, role_name)
);
CREATE UNIQUE INDEX project_roles_template_key ON project_roles (role_name) WHERE project_id IS NULL;

CREATE TABLE project_members (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id      uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_role_id uuid NOT NULL REFERENCES project_roles (id) ON DELETE RESTRICT,
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, user_id)
);
CREATE INDEX project_members_user_id ON project_members (user_id);

CREATE TABLE tasks (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id   uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    title        text NOT NULL,
    status_id    uuid,
    assignee_ids uuid[] NOT NULL DEFAULT '{}',
    task_number  integer NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    deleted_at   timestamptz,
    UNIQUE (project_id, task_number)
);

CREATE TABLE api_keys (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       text NOT NULL,
    -- SHA-256 of the key, in hex. The key itself is shown once and kept nowhere.
    key_hash   text NOT NULL UNIQUE,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_user_id ON api_keys (user_id);

CREATE TABLE plugins (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name         text NOT NULL,
    version      text NOT NULL DEFAULT '0.0.0',
    manifest     jsonb NOT NULL DEFAULT '{}',
    enabled      boolean NOT NULL DEFAULT true,
    installed_at timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uni_plugins_name ON plugins (name);

CREATE TABLE plugin_extension_settings (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plugin_id       uuid NOT NULL REFERENCES plugins (id) ON DELETE CASCADE,
    extension_point text NOT NULL,
    settings        jsonb NOT NULL DEFAULT '{}',
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX uni_plugin_extension_settings
    ON plugin_extension_settings (plugin_id, extension_point);

-- Who owns which plugin schema. A row outlives the plugin's uninstallation, as its data does, so
-- that a plugin whose name maps to the same schema can never inherit somebody else's rows.
CREATE TABLE plugin_schemas (
    schema_name text PRIMARY KEY,
    plugin_name text NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL DEFAULT now()
);
