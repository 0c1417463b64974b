-- Plugins in the wild ask for members `WHERE deleted_at IS NULL`, as for tasks, projects and users.
-- This host ends a membership by deleting its row, so the column stays null.
ALTER TABLE project_members ADD COLUMN deleted_at timestamptz;
