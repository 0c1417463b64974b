//! Users, projects and tasks, with their ids.

use std::collections::BTreeMap;

use toml::Spanned;

use super::{Checked, known, uuid};
use crate::diagnostic::Mistake;
use crate::scenario::names::Names;
use crate::scenario::world::{Member, Project, Task, User, World, global_role, project_role};
use crate::scenario::{data, ids};

type Named<T> = BTreeMap<Spanned<String>, T>;

pub(super) fn world(
    users: Named<data::User>,
    projects: Named<data::Project>,
    tasks: Named<data::Task>,
    names: &mut Names,
) -> Checked<World> {
    let mut world = World::default();
    for (name, user) in users {
        let user = self::user(name.get_ref(), user)?;
        add(names, &name, user.id)?;
        world.users.push(user);
    }
    for (name, project) in projects {
        let project = self::project(&name, project, &world, names)?;
        world.projects.push(project);
    }
    for (name, task) in tasks {
        let task = self::task(&name, task, &world)?;
        add(names, &name, task.id)?;
        world.tasks.push(task);
    }
    Ok(world)
}

fn add(names: &mut Names, name: &Spanned<String>, id: uuid::Uuid) -> Checked<()> {
    if names.add(name.get_ref(), id.to_string()) {
        return Ok(());
    }
    Err(Mistake::new(name.span(), format!("`{}` is the name of something else", name.get_ref()))
        .help("users, projects and tasks share their names, so that {name} stands for one id"))
}

fn user(name: &str, data: data::User) -> Checked<User> {
    let role = data.role.unwrap_or_else(|| "USER".to_owned());
    Ok(User {
        name: name.to_owned(),
        id: data.id.map_or_else(|| Ok(ids::of("user", name)), |id| uuid(&id))?,
        full_name: data.full_name.unwrap_or_else(|| name.to_owned()),
        permissions: data
            .permissions
            .map_or_else(|| global_role(&role), |keys| keys.into_iter().collect()),
        role,
        must_change_password: data.must_change_password,
    })
}

fn project(
    name: &Spanned<String>,
    data: data::Project,
    world: &World,
    names: &mut Names,
) -> Checked<Project> {
    let id = data.id.map_or_else(|| Ok(ids::of("project", name.get_ref())), |id| uuid(&id))?;
    add(names, name, id)?;
    let mut members = Vec::new();
    for (user_name, member) in data.members {
        let users = world.users.iter().map(|user| (user.name.as_str(), user.id));
        let user = known(&user_name, "user", users)?;
        let called = format!("{}@{}", user_name.get_ref(), name.get_ref());
        let role = member.role.unwrap_or_else(|| "PROJECT_MEMBER".to_owned());
        let id = member.id.map_or_else(|| Ok(ids::of("member", &called)), |id| uuid(&id))?;
        names.add(called, id.to_string());
        let permissions = member
            .permissions
            .map_or_else(|| project_role(&role), |keys| keys.into_iter().collect());
        members.push(Member { id, user, role, permissions });
    }
    Ok(Project {
        name: name.get_ref().clone(),
        id,
        description: data.description,
        task_id_prefix: data.task_id_prefix,
        members,
    })
}

fn task(name: &Spanned<String>, data: data::Task, world: &World) -> Checked<Task> {
    let projects = world.projects.iter().map(|project| (project.name.as_str(), project.id));
    let project = known(&data.project, "project", projects)?;
    let users = || world.users.iter().map(|user| (user.name.as_str(), user.id));
    let assignees =
        data.assignees.iter().map(|it| known(it, "user", users())).collect::<Checked<_>>()?;
    let highest = world.tasks.iter().filter(|it| it.project == project).map(|it| it.number).max();
    Ok(Task {
        id: data.id.map_or_else(|| Ok(ids::of("task", name.get_ref())), |id| uuid(&id))?,
        project,
        title: data.title.unwrap_or_else(|| name.get_ref().clone()),
        number: data.number.unwrap_or_else(|| highest.unwrap_or(0) + 1),
        assignees,
    })
}
