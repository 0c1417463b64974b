//! Servers in containers, through testcontainers.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt as _,
    bollard::models::{HostConfig, PortBinding},
    core::{IntoContainerPort as _, client::docker_client_instance},
    runners::AsyncRunner as _,
};

use crate::{
    error::WayFailed,
    explicit::from_environment,
    local::{self},
    running::Owned,
};

/// Names the Postgres image, as `name:tag`.
pub const POSTGRES_IMAGE_VARIABLE: &str = "HOSTPROOF_POSTGRES_IMAGE";
/// Names the Valkey image, as `name:tag`.
pub const VALKEY_IMAGE_VARIABLE: &str = "HOSTPROOF_VALKEY_IMAGE";
/// The official Postgres. Any image takes its place that reads `POSTGRES_PASSWORD`, accepts
/// `postgres -c NAME=VALUE …` as its command, and listens on 5432.
pub const DEFAULT_POSTGRES_IMAGE: &str = "postgres:17-alpine";
/// The official Valkey. Any image takes its place that accepts `valkey-server --NAME VALUE …` as
/// its command, and listens on 6379.
pub const DEFAULT_VALKEY_IMAGE: &str = "valkey/valkey:8-alpine";

const WAY: &str = "Docker";

/// How long an engine may take to say who it is. A socket without an engine behind it must not
/// hold up a run that can do without.
const ENGINE_DEADLINE: Duration = Duration::from_secs(3);

/// How long a container may take until its server answers, image download not included.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// A container of ours.
pub(crate) struct Container(ContainerAsync<GenericImage>);

impl Container {
    pub(crate) async fn remove(self) -> Result<(), testcontainers::TestcontainersError> {
        self.0.rm().await
    }
}

/// The version of the Docker engine that answers, or why none does.
pub(crate) async fn engine() -> Result<String, WayFailed> {
    let asked = async {
        let client = docker_client_instance().await.map_err(|error| error.to_string())?;
        let version = client.version().await.map_err(|error| error.to_string())?;
        Ok(version.version.unwrap_or_else(|| "of unknown version".to_owned()))
    };
    match tokio::time::timeout(ENGINE_DEADLINE, asked).await {
        Ok(answer) => answer
            .map_err(|said: String| WayFailed::absent(WAY, &format!("no engine answers ({said})"))),
        Err(_) => {
            Err(WayFailed::absent(WAY, &format!("no engine answers within {ENGINE_DEADLINE:?}")))
        }
    }
}

/// The version of the Docker engine that answers, or why none does. Blocks; for reports.
///
/// # Errors
/// [`WayFailed`] with the engine's, or the missing engine's, own words.
pub fn engine_version() -> Result<String, WayFailed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| WayFailed::new(WAY, &error))?;
    runtime.block_on(engine())
}

/// Starts a Postgres container. Answers its URL and its image.
pub(crate) async fn postgres(owned: &mut Owned) -> Result<(String, String), WayFailed> {
    let image = image(POSTGRES_IMAGE_VARIABLE, DEFAULT_POSTGRES_IMAGE);
    let password = uuid::Uuid::new_v4().simple().to_string();
    let settings = local::POSTGRES_SETTINGS.into_iter().flat_map(|setting| ["-c", setting]);
    let request = generic(&image, 5432)
        .with_env_var("POSTGRES_PASSWORD", &password)
        .with_cmd(["postgres"].into_iter().chain(settings));
    let (host, port) = start(owned, &image, request, 5432).await?;
    let url = format!("postgres://postgres:{password}@{host}:{port}/postgres");
    // Over TCP: while it makes its cluster, the official image runs a server that only listens on
    // a socket, so an answer here comes from the real one.
    answers(&image, async || local::connect(&url).await.map_err(|error| error.to_string())).await?;
    Ok((url, image))
}

/// Starts a Valkey container. Answers its URL and its image.
pub(crate) async fn valkey(owned: &mut Owned) -> Result<(String, String), WayFailed> {
    let image = image(VALKEY_IMAGE_VARIABLE, DEFAULT_VALKEY_IMAGE);
    let command = ["valkey-server"].into_iter().chain(local::VALKEY_SETTINGS);
    let request = generic(&image, 6379).with_cmd(command);
    let (host, port) = start(owned, &image, request, 6379).await?;
    answers(&image, async || local::ping(&host, port).await.map_err(|error| error.to_string()))
        .await?;
    Ok((format!("redis://{host}:{port}"), image))
}

fn image(variable: &str, default: &str) -> String {
    from_environment(variable).unwrap_or_else(|| default.to_owned())
}

/// `name:tag` into a request. A colon before the last slash belongs to a registry's port.
fn generic(image: &str, port: u16) -> ContainerRequest<GenericImage> {
    let (name, tag) = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    };
    GenericImage::new(name, tag)
        .with_exposed_port(port.tcp())
        .with_label("hostproof", "services")
        .with_host_config_modifier(move |config| {
            if engine_is_next_door() {
                publish_on_loopback(config, port);
            }
        })
}

/// Whether containers' ports appear on this machine's loopback: the engine is reached by a socket
/// file, and we are not in a container ourselves.
fn engine_is_next_door() -> bool {
    let remote = from_environment("DOCKER_HOST").is_some_and(|host| !host.starts_with("unix://"));
    !remote && !Path::new("/.dockerenv").exists()
}

/// Docker publishes on every interface unless told. These servers are nobody else's business.
fn publish_on_loopback(config: &mut HostConfig, port: u16) {
    let binding = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: None };
    config.publish_all_ports = Some(false);
    config.port_bindings = Some([(format!("{port}/tcp"), Some(vec![binding]))].into());
}

async fn start(
    owned: &mut Owned,
    image: &str,
    request: ContainerRequest<GenericImage>,
    port: u16,
) -> Result<(String, u16), WayFailed> {
    let failed = |said: String| WayFailed::new(WAY, &format!("image {image}: {said}"));
    let container = request.start().await.map_err(|error| failed(error.to_string()))?;
    let announced = owned.guard.container(container.id());
    let address = async {
        let host = container.get_host().await.map_err(|error| error.to_string())?;
        let port = container.get_host_port_ipv4(port.tcp()).await.map_err(|e| e.to_string())?;
        // An IPv4 port was asked for, and `localhost` may mean the other family first.
        let host = host.to_string().replace("localhost", "127.0.0.1");
        Ok::<_, String>((host, port))
    };
    let address = address.await;
    owned.containers.push(Container(container));
    announced.map_err(|error| failed(format!("cannot announce it to the guard: {error}")))?;
    address.map_err(failed)
}

/// Polls until the server answers.
async fn answers(image: &str, ask: impl AsyncFn() -> Result<(), String>) -> Result<(), WayFailed> {
    let deadline = Instant::now() + START_DEADLINE;
    loop {
        let said = match ask().await {
            Ok(()) => return Ok(()),
            Err(said) => said,
        };
        if Instant::now() > deadline {
            let said = format!("image {image}: no answer after {START_DEADLINE:?}: {said}");
            return Err(WayFailed::new(WAY, &said));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
