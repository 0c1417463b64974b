//! What handlers take from a request. Every refusal is an [`ApiError`], so that no route answers
//! in axum's own words.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::BytesRejection},
};
use contract::api::ErrorCode;
use http::{StatusCode, request::Parts};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;

/// A JSON body, whatever its declared content type: clients of the original host rarely name one.
///
/// Cross-site forms cannot make use of that: the session cookies are `SameSite=Strict`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                too_large(crate::middleware::MAX_BODY_BYTES)
            } else {
                unreadable_body(rejection)
            }
        })?;
        parse_json(&bytes).map(Self)
    }
}

fn unreadable_body(rejection: BytesRejection) -> ApiError {
    ApiError::bad_request("the body could not be read").because(rejection)
}

/// 413 with the limit, so that a client knows what would fit.
pub(crate) fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        ErrorCode::PayloadTooLarge,
        format!("the request is larger than the limit of {limit} bytes"),
    )
}

/// Parses a body; the refusal names the field.
pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        ApiError::bad_request(match path.as_str() {
            "." | "?" => format!("the body is not valid: {inner}"),
            _ => format!("the body is not valid at {path}: {inner}"),
        })
    })?;
    deserializer
        .end()
        .map_err(|error| ApiError::bad_request(format!("the body is not valid: {error}")))?;
    Ok(value)
}

/// Parameters of the path.
#[derive(Debug)]
pub struct UrlPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for UrlPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Path::from_request_parts(parts, state).await.map(|Path(value)| Self(value)).map_err(
            |rejection| ApiError::bad_request("an id in the path is not a UUID").because(rejection),
        )
    }
}

/// Rows of a page when the client does not say.
const DEFAULT_PAGE_SIZE: u32 = 20;
/// The largest page: what a client can have in one answer without holding the whole table in memory.
const MAX_PAGE_SIZE: u32 = 100;
/// The last page that can be asked for: far beyond any real table, and every offset stays in range.
const MAX_PAGE: u32 = 1_000_000;

/// `page` (from 1) and `page_size` of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Number, from 1.
    pub number: u32,
    /// Rows per page.
    pub size: u32,
}

/// The query of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Number of the page, from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u32>,
    /// Rows of a page; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<u32>,
}

impl From<Page> for storage::Page {
    fn from(page: Page) -> Self {
        Self::new(page.number, page.size)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query): Query<PageQuery> =
            Query::from_request_parts(parts, state).await.map_err(|rejection| {
                ApiError::bad_request("page and page_size must be whole numbers").because(rejection)
            })?;
        let (number, size) =
            (query.page.unwrap_or(1), query.page_size.unwrap_or(DEFAULT_PAGE_SIZE));
        if !(1..=MAX_PAGE).contains(&number) {
            return Err(ApiError::bad_request(format!("page must be between 1 and {MAX_PAGE}")));
        }
        if !(1..=MAX_PAGE_SIZE).contains(&size) {
            return Err(ApiError::bad_request(format!(
                "page_size must be between 1 and {MAX_PAGE_SIZE}"
            )));
        }
        Ok(Self { number, size })
    }
}

/// One page of a list, as `data`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paged<T> {
    #[serde(flatten)]
    rows: storage::Paged<T>,
    page: u32,
    page_size: u32,
}

impl<T> Paged<T> {
    /// Puts rows and total together with the page that was asked for.
    pub fn new(rows: storage::Paged<T>, page: Page) -> Self {
        Self { rows, page: page.number, page_size: page.size }
    }
}

/// A list that is always whole, as `data`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Items<T> {
    /// The rows.
    pub items: Vec<T>,
}
