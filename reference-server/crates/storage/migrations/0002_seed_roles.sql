-- The roles every installation begins with. Operators may change them afterwards; nothing here
-- runs twice.
INSERT INTO global_roles (name, permissions) VALUES
    ('SUPER_ADMIN', '{"*": true}'),
    ('ADMIN', '{"users.*": true, "global_roles.*": true, "projects.*": true}'),
    ('USER', '{"users.read": true}');

INSERT INTO project_roles (project_id, role_name, permissions) VALUES
    (NULL, 'PROJECT_OWNER',
     '{"projects.*": true, "project.members.*": true, "project.roles.*": true,
       "tasks.*": true, "sprints.*": true}'),
    (NULL, 'PROJECT_MANAGER',
     '{"projects.read": true, "projects.write": true, "project.members.*": true,
       "project.roles.read": true, "tasks.*": true, "sprints.*": true}'),
    (NULL, 'PROJECT_MEMBER',
     '{"projects.read": true, "tasks.read": true, "tasks.write": true, "sprints.read": true}'),
    (NULL, 'PROJECT_VIEWER',
     '{"projects.read": true, "project.members.read": true, "project.roles.read": true,
       "tasks.read": true, "sprints.read": true}');
