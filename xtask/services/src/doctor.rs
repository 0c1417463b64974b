//! `services doctor`: what this machine offers, and whether it works.

use std::{env, process::ExitCode, time::Instant};

use services::{DATABASE_URL_VARIABLE, VALKEY_URL_VARIABLE};

use crate::Which;

pub(crate) fn run(which: &Which) -> anyhow::Result<ExitCode> {
    for variable in [DATABASE_URL_VARIABLE, VALKEY_URL_VARIABLE] {
        // The value holds a password.
        let state = if env::var_os(variable).is_some() { "set" } else { "not set" };
        line(variable, state);
    }
    match services::engine_version() {
        Ok(version) => line("Docker", &format!("engine {version} answers")),
        Err(failed) => line("Docker", &failed.reason),
    }
    match services::find_postgres() {
        Some(found) => {
            line("Postgres", &format!("{} ({})", found.version(), found.postgres.display()));
        }
        None => line("Postgres", "not installed (Debian: apt-get install postgresql)"),
    }
    match services::find_valkey() {
        Some(found) => {
            line("Valkey", &format!("{} ({})", services::program_version(&found), found.display()));
        }
        None => line(
            "Valkey",
            "not installed (Debian: apt-get install valkey-server, or redis-server on older releases)",
        ),
    }
    println!("\nTrying --services {} …", which.services);
    let began = Instant::now();
    let running = services::start(which.request())?;
    for (name, service) in [("Postgres", running.postgres()), ("Valkey", running.valkey())] {
        let Some(service) = service else { continue };
        for failed in &service.tried {
            line(name, &format!("not by {failed}"));
        }
        line(name, &format!("answers: {}, {}", service.way, service.what));
    }
    let started = began.elapsed();
    let began = Instant::now();
    drop(running);
    println!(
        "Started in {:.1} s, removed in {:.1} s.",
        started.as_secs_f32(),
        began.elapsed().as_secs_f32()
    );
    Ok(ExitCode::SUCCESS)
}

fn line(subject: &str, text: &str) {
    println!("{subject:24} {text}");
}
