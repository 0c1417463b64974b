//! Functions as handlers: arguments taken from the request, what they give back made a response.

use std::ptr::NonNull;

use crate::{Error, FromRequest, IntoResponse, Request, Response};

/// A function that answers requests: it takes `&Request`, or up to six parts of it (see [`FromRequest`]), and
/// gives back anything that is a response (see [`IntoResponse`]).
///
/// ```compile_fail,E0277
/// # use hostproof_guest::Route;
/// fn of_a_number(number: u32) -> &'static str {
///     "nothing in a request is a number"
/// }
///
/// let route = Route::get("/", of_a_number);
/// ```
///
/// `Args` tells the implementations apart, and is never written.
#[diagnostic::on_unimplemented(
    message = "this is not a handler",
    label = "not a handler",
    note = "a handler takes `&Request`, or up to six arguments that implement `FromRequest`, and gives back \
            something that implements `IntoResponse`"
)]
pub trait Handler<Args>: Copy + 'static {
    /// Answers one request.
    fn answer(self, request: &Request) -> Result<Response, Error>;
}

/// The mark of a handler that takes the request as a whole.
#[derive(Debug)]
pub struct Whole;

impl<F, R> Handler<Whole> for F
where
    F: Fn(&Request) -> R + Copy + 'static,
    R: IntoResponse,
{
    fn answer(self, request: &Request) -> Result<Response, Error> {
        self(request).into_response()
    }
}

macro_rules! handlers {
    ($($argument:ident)*) => {
        impl<F, R, $($argument),*> Handler<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Copy + 'static,
            R: IntoResponse,
            $($argument: FromRequest,)*
        {
            fn answer(self, request: &Request) -> Result<Response, Error> {
                let _ = request;
                self($($argument::from_request(request)?),*).into_response()
            }
        }
    };
}

handlers!();
handlers!(A);
handlers!(A B);
handlers!(A B C);
handlers!(A B C D);
handlers!(A B C D E);
handlers!(A B C D E G);

/// A handler whose type is forgotten.
pub(crate) type Answering = fn(&Request) -> Result<Response, Error>;

/// Forgets a handler's type, so that a constant table can hold handlers of any.
pub(crate) const fn erased<H: Handler<A>, A>(handler: H) -> Answering {
    let _ = handler;
    |request| conjured::<H>().answer(request)
}

/// A value of a type without size, of which there was one already.
pub(crate) fn conjured<T: Copy>() -> T {
    const {
        assert!(size_of::<T>() == 0, "a handler is a function, or a closure that captures nothing");
    }
    // SAFETY: reading no bytes is sound wherever it is done. The value is a copy of the one that was given when
    // the table was made, so the type is inhabited.
    #[expect(unsafe_code, reason = "there is no other way to a value from its type alone")]
    unsafe {
        NonNull::<T>::dangling().read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Json, Path};

    fn nothing() -> &'static str {
        "nothing"
    }

    fn whole(request: &Request) -> String {
        request.method.clone()
    }

    fn parts(Path(id): Path<u8>, Json(text): Json<String>) -> Result<String, Error> {
        if text.is_empty() { Err(Error::bad_request("empty")) } else { Ok(format!("{id} {text}")) }
    }

    fn answer<H: Handler<A>, A>(handler: H, body: &str) -> Result<String, u16> {
        let request = Request {
            method: "PUT".to_owned(),
            params: vec![("id".to_owned(), "7".to_owned())],
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        let answered = erased(handler)(&request).map_err(|error| error.status())?;
        Ok(String::from_utf8_lossy(answered.body()).into_owned())
    }

    #[test]
    fn a_handler_takes_nothing_the_request_or_parts_of_it() {
        assert_eq!(answer(nothing, "").as_deref(), Ok("nothing"));
        assert_eq!(answer(whole, "").as_deref(), Ok("PUT"));
        assert_eq!(answer(parts, r#""x""#).as_deref(), Ok("7 x"));
        assert_eq!(answer(|| "a closure", "").as_deref(), Ok("a closure"));
    }

    #[test]
    fn what_cannot_be_taken_answers_before_the_handler_is_called() {
        assert_eq!(answer(parts, "x"), Err(400));
        assert_eq!(answer(parts, r#""""#), Err(400));
    }
}
