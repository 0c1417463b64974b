//! What a handler takes: parts of the request, by type.

mod text;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::response::{IntoResponse, Response};
use crate::{Error, Request};

/// A type that can be an argument of a handler.
///
/// A plugin implements it for what its handlers have in common, so that none of them forgets the check:
///
/// ```
/// use hostproof_guest::{Error, FromRequest, Path, Request, db};
///
/// /// The task in the path, which is known to be there.
/// struct Task(String);
///
/// impl FromRequest for Task {
///     fn from_request(request: &Request) -> Result<Self, Error> {
///         let Path(id) = request.extract::<Path<String>>()?;
///         db::query_opt("SELECT id FROM tasks WHERE id = $1", (id,))?
///             .map(Task)
///             .ok_or_else(|| Error::not_found("task"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler",
    note = "arguments are `Path`, `Query`, `Json`, `Caller`, `Vec<u8>`, `String`, an `Option` of one of them, \
            or any type that implements `FromRequest`; a handler may also take `&Request` as its only argument"
)]
pub trait FromRequest: Sized {
    /// Takes it from the request. An error is the response.
    fn from_request(request: &Request) -> Result<Self, Error>;
}

/// The parameters of the route's path: a single value, a tuple in the order of the path, or a struct by name.
/// What does not fit names nothing there could be, and is a 404.
///
/// ```
/// # use hostproof_guest::Path;
/// // Route::get("/tasks/:task/items/:position", item)
/// fn item(Path((task, position)): Path<(String, u32)>) -> String {
///     format!("item {position} of {task}")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    fn from_request(request: &Request) -> Result<Self, Error> {
        text::read(&request.params).map(Self).map_err(|error| {
            Error::not_found(format_args!("{} {}", request.method, request.path)).caused_by(error)
        })
    }
}

/// The query string as a struct whose fields are named like the parameters. What does not fit is a 400.
///
/// ```
/// # use hostproof_guest::Query;
/// # use serde::Deserialize;
/// #[derive(Deserialize)]
/// struct Page {
///     after: Option<String>,
///     #[serde(default)]
///     limit: u32,
/// }
///
/// fn list(Query(page): Query<Page>) -> String {
///     format!("{} after {:?}", page.limit, page.after)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    fn from_request(request: &Request) -> Result<Self, Error> {
        let pairs: Vec<_> = request.query.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        text::read(&pairs).map(Self).map_err(|error| Error::bad_request(format!("query: {error}")))
    }
}

/// JSON: as an argument the request's body, where what does not fit is a 400 that says where; as a result a
/// response with status 200.
///
/// ```
/// # use hostproof_guest::{Error, Json};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Deserialize)]
/// struct NewNote {
///     text: String,
/// }
///
/// #[derive(Serialize)]
/// struct Note {
///     id: u32,
///     text: String,
/// }
///
/// fn create(Json(new): Json<NewNote>) -> Result<(u16, Json<Note>), Error> {
///     Ok((201, Json(Note { id: 1, text: new.text })))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    fn from_request(request: &Request) -> Result<Self, Error> {
        request.json().map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::json(200, &self.0))
    }
}

/// The body.
impl FromRequest for Vec<u8> {
    fn from_request(request: &Request) -> Result<Self, Error> {
        Ok(request.body.clone())
    }
}

/// The body, if it is text.
impl FromRequest for String {
    fn from_request(request: &Request) -> Result<Self, Error> {
        Self::from_utf8(request.body.clone())
            .map_err(|error| Error::bad_request(format!("request body: {error}")))
    }
}

/// What can be had, or nothing where it would have been a refusal.
impl<T: FromRequest> FromRequest for Option<T> {
    fn from_request(request: &Request) -> Result<Self, Error> {
        match T::from_request(request) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.status() < 500 => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    fn request(params: &[(&str, &str)], query: &[(&str, &str)], body: &str) -> Request {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Request {
            method: "GET".to_owned(),
            path: "items/x".to_owned(),
            params: params.iter().map(owned).collect(),
            query: query.iter().map(owned).collect(),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        }
    }

    fn status<T: FromRequest>(request: &Request) -> Result<T, u16> {
        request.extract::<T>().map_err(|error| error.status())
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Place {
        id: u32,
        task: String,
    }

    #[test]
    fn a_path_is_a_value_a_tuple_or_a_struct() {
        let two = request(&[("task", "t"), ("id", "7")], &[], "");
        let place = Place { id: 7, task: "t".to_owned() };
        assert_eq!(status(&two), Ok(Path(("t".to_owned(), 7_u8))));
        assert_eq!(status(&two), Ok(Path(place)));
        assert_eq!(status(&request(&[("id", "7")], &[], "")), Ok(Path(7_i64)));
    }

    #[test]
    fn a_path_that_does_not_fit_names_nothing() {
        assert_eq!(status::<Path<u8>>(&request(&[("id", "x")], &[], "")), Err(404));
        assert_eq!(status::<Path<u8>>(&request(&[("id", "256")], &[], "")), Err(404));
    }

    #[test]
    fn a_query_has_optional_parts_and_says_what_is_wrong() {
        type Page = BTreeMap<String, u32>;
        assert_eq!(
            status(&request(&[], &[("limit", "5")], "")),
            Ok(Query(Page::from([("limit".to_owned(), 5)])))
        );
        let wrong = request(&[], &[("limit", "many")], "").extract::<Query<Page>>();
        assert!(wrong.is_err_and(|error| error.to_string().contains("many")));
    }

    #[test]
    fn a_body_is_json_text_or_bytes() {
        assert_eq!(status(&request(&[], &[], "[1]")), Ok(Json(vec![1])));
        assert_eq!(status::<Json<Vec<u8>>>(&request(&[], &[], "[-1]")), Err(400));
        assert_eq!(status(&request(&[], &[], "hi")), Ok("hi".to_owned()));
        assert_eq!(status(&request(&[], &[], "hi")), Ok(b"hi".to_vec()));
    }

    #[test]
    fn what_may_be_missing_is_an_option() {
        assert_eq!(status::<Option<Json<u8>>>(&request(&[], &[], "x")), Ok(None));
        assert_eq!(status::<Option<Json<u8>>>(&request(&[], &[], "1")), Ok(Some(Json(1))));
    }
}
