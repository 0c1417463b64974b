-- Releases: the files of one version of one plugin, which never change once the row names them. A row
-- without one has files that an operator put in place, or none.
--
-- The revision grows with every change of any row, so that hosts see which rows they have not read
-- yet.
CREATE SEQUENCE plugin_revision;
ALTER TABLE plugins
    ADD COLUMN release  uuid,
    ADD COLUMN revision bigint NOT NULL DEFAULT nextval('plugin_revision');

-- Operations under way, one per plugin. A record outlives the host that wrote it: whoever finds one
-- that nobody works on settles it.
CREATE TABLE plugin_operations (
    plugin_name   text PRIMARY KEY,
    id            uuid NOT NULL UNIQUE,
    action        text NOT NULL CHECK (action IN ('install', 'change', 'upgrade', 'uninstall')),
    -- Whether the plugin's schema is to be removed when the operation is undone.
    schema_is_new boolean NOT NULL,
    -- Set in the transaction that changes the plugin's row.
    committed     boolean NOT NULL DEFAULT false,
    began_at      timestamptz NOT NULL DEFAULT now()
);

-- A row per schema that was ever worked on. Whoever works on the plugin has its row locked. A table
-- rather than an advisory lock, because any plugin could hold the latter.
CREATE TABLE plugin_locks (
    schema_name text PRIMARY KEY
);
