//! The registry: which plugins are installed, and how operators arranged their extension points. Rows
//! are changed by [operations](crate::plugin_operations) only.

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::error::StorageError;

/// An installed plugin as stored.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct PluginRow {
    /// The row's id, which administrative routes address it by.
    pub id: Uuid,
    /// The plugin's reverse-DNS name.
    pub name: String,
    /// The installed version, `X.Y.Z`.
    pub version: String,
    /// The manifest as it was shipped, unknown fields and empty lists included.
    pub manifest: serde_json::Value,
    /// Whether it is loaded and its routes answer.
    pub enabled: bool,
    /// Its files, among those of all versions; `None` when an operator put them in place, or when
    /// there are none. The store's business, hence in no answer.
    #[serde(skip)]
    #[schema(ignore)]
    pub release: Option<Uuid>,
    /// Grows with every change of any row.
    #[serde(skip)]
    #[schema(ignore)]
    pub revision: i64,
    /// When it was installed.
    #[serde(with = "time::serde::rfc3339")]
    pub installed_at: OffsetDateTime,
    /// When the row last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// How an operator arranged one extension point of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ExtensionSetting {
    /// Id of the setting; an update keeps it.
    pub id: Uuid,
    /// The plugin it belongs to.
    pub plugin_id: Uuid,
    /// The extension point's id, such as `task.detail.section`.
    pub extension_point: String,
    /// `{hidden, order}` as given.
    pub settings: serde_json::Value,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Access to `plugins` and `plugin_extension_settings`.
#[derive(Clone, Copy, Debug)]
pub struct Registry<'a> {
    pub(crate) pool: &'a CorePool,
}

impl Registry<'_> {
    /// All plugins by name, the disabled ones included.
    pub async fn list(&self) -> Result<Vec<PluginRow>, StorageError> {
        sqlx::query_as("SELECT * FROM plugins ORDER BY name")
            .fetch_all(self.pool)
            .await
            .map_err(StorageError::database("listing plugins"))
    }

    /// One plugin by its row's id.
    pub async fn get(&self, id: Uuid) -> Result<Option<PluginRow>, StorageError> {
        sqlx::query_as("SELECT * FROM plugins WHERE id = $1")
            .bind(id)
            .fetch_optional(self.pool)
            .await
            .map_err(StorageError::database("reading a plugin"))
    }

    /// One plugin by its name.
    pub async fn by_name(&self, name: &str) -> Result<Option<PluginRow>, StorageError> {
        sqlx::query_as("SELECT * FROM plugins WHERE name = $1")
            .bind(name)
            .fetch_optional(self.pool)
            .await
            .map_err(StorageError::database("reading a plugin by name"))
    }

    /// Which rows there are, and in which revision, by name.
    pub async fn revisions(&self) -> Result<Vec<(String, i64)>, StorageError> {
        sqlx::query_as("SELECT name, revision FROM plugins ORDER BY name")
            .fetch_all(self.pool)
            .await
            .map_err(StorageError::database("listing the revisions of plugins"))
    }

    /// The settings of every extension point of every plugin.
    pub async fn extension_settings(&self) -> Result<Vec<ExtensionSetting>, StorageError> {
        sqlx::query_as(
            "SELECT * FROM plugin_extension_settings ORDER BY plugin_id, extension_point",
        )
        .fetch_all(self.pool)
        .await
        .map_err(StorageError::database("listing extension settings"))
    }

    /// Sets one extension point's settings. An unknown plugin is a
    /// [`StorageError::MissingReference`].
    pub async fn put_extension_setting(
        &self,
        plugin_id: Uuid,
        extension_point: &str,
        settings: &serde_json::Value,
    ) -> Result<ExtensionSetting, StorageError> {
        sqlx::query_as(
            "INSERT INTO plugin_extension_settings (plugin_id, extension_point, settings)
             VALUES ($1, $2, $3)
             ON CONFLICT (plugin_id, extension_point)
             DO UPDATE SET settings = excluded.settings, updated_at = now()
             RETURNING *",
        )
        .bind(plugin_id)
        .bind(extension_point)
        .bind(settings)
        .fetch_one(self.pool)
        .await
        .map_err(StorageError::database("setting an extension point"))
    }
}
