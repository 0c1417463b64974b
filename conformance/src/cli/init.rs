//! `hostproof init`: write a commented target file.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use super::{Failed, chain, print};
use crate::exit;
use crate::peers::Authority;
use crate::target::{Answers, Target, render};

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
    };
    if asks {
        ask_the_rest(args, &mut answers)?;
    }
    let text = render(&answers);
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
    for (path, hosts) in target.authorities() {
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        Authority::at(&path, &hosts).map_err(|error| Failed::usage(chain(&error)))?;
        let (file, names) = (path.display(), hosts.join(", "));
        print(&format!("the host has to trust {file} for {names}\n"))?;
    }
    Ok(exit::CONFORMANT)
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
