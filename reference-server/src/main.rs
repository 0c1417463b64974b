//! The reference host's binary: command line, settings, logging, then [`Server`].

use std::{process::ExitCode, sync::Arc};

use clap::Parser as _;
use reference_server::{
    cli::Cli,
    config::{Config, DEFAULT_CONFIG, PluginValues},
    server::{Server, write_ready_file},
    shutdown, telemetry,
};

/// The settings were refused; as for a wrong command line.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.default_config {
        print!("{DEFAULT_CONFIG}");
        return ExitCode::SUCCESS;
    }
    #[cfg(feature = "mutants")]
    if let Some(ended) = mutant(&cli) {
        return ended;
    }
    let environment = environment();
    let loaded = Config::load(cli.config.as_deref(), &environment)
        .map_err(anyhow::Error::from)
        .and_then(|config| {
            let values = PluginValues::load(config.plugins.config_file.as_deref(), &environment)?;
            telemetry::init(&config.log)?;
            Ok((config, values))
        });
    let (config, values) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error, EXIT_USAGE),
    };
    #[cfg(feature = "mutants")]
    reference_server::mutant::warn();
    if cli.print_config {
        return match toml::to_string_pretty(&config) {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error.into(), 1),
        };
    }
    match serve(&cli, config, values, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

#[tokio::main]
async fn serve(
    cli: &Cli,
    config: Config,
    values: PluginValues,
    environment: &[(String, String)],
) -> anyhow::Result<()> {
    for name in reference_server::config::unknown_variables(environment) {
        tracing::warn!(
            name,
            "this variable sets nothing; is it misspelt? --help lists those that do"
        );
    }
    let stop = shutdown::on_signal()?;
    let server = tokio::select! {
        started = Server::start(config, values) => started?,
        () = stop.cancelled() => return Ok(()),
    };
    let (app, url) = (Arc::clone(server.app()), server.base_url());
    let mut serving = std::pin::pin!(server.run(stop));
    if let Some(path) = &cli.ready_file {
        tokio::select! {
            ended = &mut serving => return ended,
            () = app.loaded.wait() => write_ready_file(path, &url)?,
        }
    }
    serving.await
}

/// Variables that are not text set nothing of ours.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Makes the host the mutant it is asked to be; what it ends with if there is nothing to serve.
#[cfg(feature = "mutants")]
fn mutant(cli: &Cli) -> Option<ExitCode> {
    use reference_server::mutant;
    if cli.list_mutants {
        println!("{}", mutant::list());
        return Some(ExitCode::SUCCESS);
    }
    let chosen = mutant::choose(cli.mutant.as_deref()?);
    chosen.err().map(|error| fail(&error.into(), EXIT_USAGE))
}

fn fail(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(code)
}
