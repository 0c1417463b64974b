//! The first user of an empty installation.

use storage::{Database, users::NewUser};

use crate::{auth::password::Passwords, config::AdminConfig, error::chain};

/// Global role of the first user.
const FIRST_ROLE: &str = "SUPER_ADMIN";

/// Creates the first user from the settings, if there is none yet. Their password was chosen by
/// whoever runs the host, so it is not stale.
///
/// # Errors
/// The database or the hashing failed.
pub async fn first_user(
    database: &Database,
    passwords: &Passwords,
    admin: &AdminConfig,
) -> anyhow::Result<()> {
    let (Some(username), Some(password)) = (&admin.username, &admin.password) else {
        return Ok(());
    };
    let username = username.trim();
    let password_hash = passwords.hash(password.clone()).await?;
    let user = NewUser {
        username,
        password_hash: &password_hash,
        full_name: username,
        role: FIRST_ROLE,
        must_change_password: false,
    };
    match database.users().create_first(user).await {
        Ok(Some(user)) => {
            tracing::info!(user = user.username, role = FIRST_ROLE, "first user created");
        }
        Ok(None) => tracing::debug!("users exist; ADMIN_USERNAME is not used"),
        Err(error) => {
            tracing::error!(error = chain(&error), "first user not created");
            return Err(error.into());
        }
    }
    Ok(())
}
