//! The marketplace: fetching the catalog and judging each entry alone (decision L1).

use contract::catalog::{ArtifactKind, Catalog, CatalogEntry, RejectedEntry};

use crate::fetch::{FetchError, Fetcher};

/// The catalog could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CatalogFailure {
    /// It could not be fetched.
    #[error("the catalog could not be fetched")]
    Fetch(#[from] FetchError),
    /// What was fetched is no catalog.
    #[error("what was fetched is no catalog")]
    Content(#[from] contract::catalog::CatalogError),
}

/// Fetches the catalog. An entry with an address that may not be fetched joins the rejected ones,
/// and all of those are told to the log; the others are unaffected.
pub(crate) async fn fetch(
    fetcher: &Fetcher,
    url: &str,
    cap: u64,
) -> Result<Catalog, CatalogFailure> {
    let body = fetcher.get(url, cap).await?;
    let Catalog { entries, mut rejected } = Catalog::parse(&body)?;
    // Positions in the document, for entries that were good enough to lose theirs.
    let taken: Vec<usize> = rejected.iter().map(|entry| entry.index).collect();
    let mut positions = (0..).filter(|index| !taken.contains(index));
    let mut usable = Vec::with_capacity(entries.len());
    for entry in entries {
        let index = positions.next().unwrap_or_default();
        match unusable_address(fetcher, &entry) {
            None => usable.push(entry),
            Some(reason) => {
                rejected.push(RejectedEntry { index, name: Some(entry.name.to_string()), reason });
            }
        }
    }
    rejected.sort_by_key(|entry| entry.index);
    for entry in &rejected {
        let name = entry.name.as_deref().unwrap_or("?");
        tracing::warn!(index = entry.index, plugin = name, reason = %entry.reason, "catalog entry hidden");
    }
    Ok(Catalog { entries: usable, rejected })
}

fn unusable_address(fetcher: &Fetcher, entry: &CatalogEntry) -> Option<String> {
    ArtifactKind::ALL.into_iter().find_map(|kind| {
        let (url, _) = entry.artifacts.get(kind)?;
        let refusal = fetcher.check(url).err()?;
        Some(format!("artifacts.{}_tar_gz_url: {refusal}", kind.as_str()))
    })
}
