//! The host's own resources, as plugins read them.

use crate::catalogue::{Entry, decision, value};
use mutant_switch::mistake;
use policy::CoreDataPolicy;
use policy::core_data::Reach;

pub(super) const MUTANTS: &[Entry] = &[
    decision(
        "core-reads-unscoped",
        &["s-sxck", "s-uvm7"],
        "core reads show every project, whoever asks",
        |policy| policy.core_data.reach = |_| mistake(Reach::All),
    ),
    decision(
        "project-route-reads-callers-projects",
        &["s-uvm7"],
        "on a project-scoped route core reads show every project of the caller's",
        |policy| {
            policy.core_data.reach = |request| match request {
                Some(request) if !request.user_id.is_empty() => {
                    mistake(Reach::User(request.user_id.clone()))
                }
                request => (CoreDataPolicy::default().reach)(request),
            }
        },
    ),
    decision(
        "caller-reads-every-project",
        &["s-sxck"],
        "who is signed in is not asked for projects.read",
        |policy| {
            policy.core_data.reach = |request| match (CoreDataPolicy::default().reach)(request) {
                Reach::User(_) => mistake(Reach::All),
                reach => reach,
            }
        },
    ),
    decision(
        "anonymous-caller-reads-every-project",
        &["s-beba"],
        "a request without caller is taken for none, in which a plugin acts for itself",
        |policy| {
            policy.core_data.reach = |request| match (CoreDataPolicy::default().reach)(request) {
                Reach::Nothing => mistake(Reach::All),
                reach => reach,
            }
        },
    ),
    decision(
        "nothing-to-read-outside-requests",
        &["s-c6x5"],
        "without a request core reads show nothing",
        |policy| {
            policy.core_data.reach = |request| match request {
                None => mistake(Reach::Nothing),
                request => (CoreDataPolicy::default().reach)(request),
            }
        },
    ),
    value("tasks-list-of-two-hundred", &["s-azny"], "tasks_list gives 200 tasks", |policy| {
        policy.limits.core_read_tasks = 200;
    }),
    value("activities-of-any-size", &["s-nbg7"], "activity_record takes a megabyte", |policy| {
        policy.limits.activity_bytes = 1024 * 1024;
    }),
];
