//! `hostproof init`: write a commented target file.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use super::authorities::{Provided, provide};
use super::{Failed, chain, print};
use crate::client::{Client, Outgoing, Transcript};
use crate::exit;
use crate::target::{Answers, Target, written};

/// For the host to answer, while a person waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Write a commented target file. On a terminal, what no flag says is asked for.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to write.
    #[arg(default_value = "target.toml")]
    file: PathBuf,
    /// Name of the host, for reports.
    #[arg(long)]
    name: Option<String>,
    /// URL of the host.
    #[arg(long)]
    url: Option<String>,
    /// The host is yours: cases may install plugins and create users on it.
    #[arg(long)]
    owned: bool,
    /// Name of an administrator.
    #[arg(long, value_name = "NAME")]
    admin_username: Option<String>,
    /// Environment variable with the administrator's password.
    #[arg(long, value_name = "VAR", default_value = "HOSTPROOF_ADMIN_PASSWORD")]
    admin_password_env: String,
    /// Address on which the suite serves its catalog.
    #[arg(long, value_name = "ADDR:PORT")]
    catalog_listen: Option<String>,
    /// Address on which the suite answers what plugins fetch.
    #[arg(long, value_name = "ADDR:PORT")]
    outbound_listen: Option<String>,
    /// Any key of the file, as in `--set limits.sql_rows=500`, `--set valkey.url=redis://127.0.0.1`,
    /// `--set 'faults.host.kill=["docker", "kill", "host"]'`; a value that is no TOML is a text. Describing
    /// one of [catalog], [outbound], [valkey], [config] and [faults] claims the feature. Repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Overwrite the file if it exists.
    #[arg(long)]
    force: bool,
    /// Ask nothing, even on a terminal.
    #[arg(long)]
    no_input: bool,
}

pub(super) fn init(args: &Args) -> Result<u8, Failed> {
    if args.file.exists() && !args.force {
        let file = args.file.display();
        return Err(Failed::usage(format!("{file} exists; --force overwrites it")));
    }
    let asks = !args.no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let url = match (&args.url, asks) {
        (Some(url), _) => url.clone(),
        (None, true) => ask("URL of the host", "http://127.0.0.1:8080")?,
        (None, false) => {
            return Err(Failed::usage("--url is needed where there is no terminal to ask"));
        }
    };
    let mut answers = Answers {
        name: args.name.clone().unwrap_or_else(|| "my-host".to_owned()),
        url,
        owned: args.owned,
        admin: args.admin_username.clone(),
        password_env: args.admin_password_env.clone(),
        catalog_listen: args.catalog_listen.clone(),
        outbound_listen: args.outbound_listen.clone(),
        ..Answers::default()
    };
    if asks {
        ask_the_rest(args, &mut answers)?;
    }
    let text = written(&answers, &args.settings).map_err(Failed::usage)?;
    // What was just written must be readable; if it is not, an answer was wrong.
    let name = args.file.display().to_string();
    Target::parse(&name, &text).map_err(|e| Failed::usage(e.to_string()))?;
    std::fs::write(&args.file, text)
        .map_err(|e| Failed::usage(format!("cannot write {name}: {e}")))?;
    print(&format!(
        "wrote {name}; now: hostproof doctor --target {name}, and hostproof run --target {name}\n"
    ))?;
    // Read as `run` will read it: the authority's file is meant from the target file's folder.
    let target = Target::read(&args.file).map_err(|e| Failed::usage(e.to_string()))?;
    for Provided { path, hosts, .. } in provide(target.authorities())? {
        let (file, names) = (path.display(), hosts.join(", "));
        print(&format!("the host has to trust {file} for {names}\n"))?;
    }
    print(&format!("{}\n", knock(&target)?))?;
    Ok(exit::CONFORMANT)
}

/// Whether the host answers. The file is written either way: it may describe one that is to come.
fn knock(target: &Target) -> Result<String, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failed::harness(format!("cannot start: {e}")))?;
    runtime.block_on(async {
        let url = &target.host.url;
        let client = Client::new(url.clone(), None).map_err(|e| Failed::usage(chain(&e)))?;
        let health = Outgoing::plain("GET", "/api/healthz");
        let transcript = Transcript::default();
        let answer = tokio::time::timeout(PATIENCE, client.send(&transcript, &health)).await;
        Ok(match answer {
            Ok(Ok(answer)) => format!("{url} answers {}", answer.status),
            Ok(Err(error)) => format!("{url} does not answer yet: {}", chain(&error)),
            Err(_) => format!("{url} does not answer within {PATIENCE:?}"),
        })
    })
}

/// `KEY=VALUE` of `--set`.
fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("`KEY=VALUE` is expected")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn ask_the_rest(args: &Args, answers: &mut Answers) -> Result<(), Failed> {
    if args.name.is_none() {
        answers.name = ask("Name for reports", &answers.name)?;
    }
    if !args.owned {
        let question =
            "Is the host yours, so that cases may install plugins and create users? (yes/no)";
        answers.owned = ask(question, "no")?.eq_ignore_ascii_case("yes");
    }
    if !answers.owned {
        return Ok(());
    }
    let optional = |question: &str, given: &Option<String>, default: &str| match given {
        Some(given) => Ok(Some(given.clone())),
        None => ask(question, default).map(|answer| (answer != "none").then_some(answer)),
    };
    answers.admin = optional("Administrator's name", &args.admin_username, "admin")?;
    answers.catalog_listen = optional(
        "Address for the suite's catalog (or none)",
        &args.catalog_listen,
        "127.0.0.1:8790",
    )?;
    answers.outbound_listen = optional(
        "Address for the suite's outbound server (or none)",
        &args.outbound_listen,
        "127.0.0.1:8791",
    )?;
    Ok(())
}

/// Asks on stderr, so that stdout stays for results.
fn ask(question: &str, default: &str) -> Result<String, Failed> {
    let mut err = std::io::stderr().lock();
    let asked = write!(err, "{question} [{default}]: ").and_then(|()| err.flush());
    asked.map_err(|e| Failed::usage(format!("cannot ask: {e}")))?;
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|e| Failed::usage(format!("cannot read the answer: {e}")))?;
    let answer = answer.trim();
    Ok(if answer.is_empty() { default } else { answer }.to_owned())
}
