//! From method and path to a handler, by the same rules the host applies to the manifest's routes.

use crate::handler::{self, Handler};
use crate::{Error, Request, Response};

/// A method, a path pattern and who answers. A plugin keeps them in a constant table.
///
/// In a pattern `:name` stands for one segment and a final `*name` for one or more; everything else is
/// literal. Leading and trailing slashes mean nothing. Each segment of a path is percent-decoded once, after the
/// path was split. The most specific route answers, the first of equals.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    method: &'static str,
    pattern: &'static str,
    answer: handler::Answering,
}

impl Route {
    /// A route for any method. The handler is a function, or a closure that captures nothing.
    ///
    /// ```
    /// # use hostproof_guest::Route;
    /// const HEAD: Route = Route::new("HEAD", "/health", || ());
    /// ```
    ///
    /// A function pointer or a closure with something in it has a size, and is refused when it is compiled:
    ///
    /// ```compile_fail,E0080
    /// # use hostproof_guest::Route;
    /// let pointer: fn() = || ();
    /// let route = Route::new("HEAD", "/health", pointer);
    /// ```
    pub const fn new<H: Handler<A>, A>(
        method: &'static str,
        pattern: &'static str,
        handler: H,
    ) -> Self {
        Self { method, pattern, answer: handler::erased(handler) }
    }

    /// A route for GET.
    pub const fn get<H: Handler<A>, A>(pattern: &'static str, handler: H) -> Self {
        Self::new("GET", pattern, handler)
    }

    /// A route for POST.
    pub const fn post<H: Handler<A>, A>(pattern: &'static str, handler: H) -> Self {
        Self::new("POST", pattern, handler)
    }

    /// A route for PUT.
    pub const fn put<H: Handler<A>, A>(pattern: &'static str, handler: H) -> Self {
        Self::new("PUT", pattern, handler)
    }

    /// A route for PATCH.
    pub const fn patch<H: Handler<A>, A>(pattern: &'static str, handler: H) -> Self {
        Self::new("PATCH", pattern, handler)
    }

    /// A route for DELETE.
    pub const fn delete<H: Handler<A>, A>(pattern: &'static str, handler: H) -> Self {
        Self::new("DELETE", pattern, handler)
    }

    /// The method it answers.
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The pattern of the paths it answers.
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }
}

/// How a pattern fits a path, if it does.
pub(crate) fn matches(pattern: &str, path: &str) -> Option<Match> {
    let mut found = Match::default();
    let mut given = segments(path);
    let mut wanted = segments(pattern).peekable();
    while let Some(want) = wanted.next() {
        if let Some(name) = want.strip_prefix('*') {
            let rest: Vec<String> = given.by_ref().map(decode).collect::<Option<_>>()?;
            // Only a named, final wildcard with something to stand for.
            if name.is_empty() || wanted.peek().is_some() || rest.is_empty() {
                return None;
            }
            found.wildcards = 1;
            found.params.push((name.to_owned(), rest.join("/")));
            return Some(found);
        }
        let have = decode(given.next()?)?;
        match want.strip_prefix(':') {
            Some("") => return None,
            Some(name) => found.params.push((name.to_owned(), have)),
            None if want == have => found.literals += 1,
            None => return None,
        }
    }
    given.next().is_none().then_some(found)
}

/// How a route fits a path.
#[derive(Default)]
pub(crate) struct Match {
    wildcards: usize,
    literals: usize,
    params: Vec<(String, String)>,
}

impl Match {
    /// Greater is more specific: fewer wildcards, then more literals, then fewer parameters.
    fn specificity(&self) -> (isize, usize, isize) {
        (-self.wildcards.cast_signed(), self.literals, -self.params.len().cast_signed())
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_matches('/');
    // The root has no segments, where `split` would yield an empty one.
    path.split('/').filter(move |_| !path.is_empty())
}

/// Percent-decodes a segment; `None` when it cannot be done, and then no route matches.
fn decode(segment: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Finds the most specific route (the first of equals) and lets it answer; errors become responses, and
/// those the plugin is to blame for are logged.
pub fn dispatch(routes: &[Route], mut request: Request) -> Response {
    let mut best: Option<(Match, handler::Answering)> = None;
    for route in routes.iter().filter(|route| route.method == request.method) {
        if let Some(found) = matches(route.pattern, &request.path)
            && best.as_ref().is_none_or(|(best, _)| found.specificity() > best.specificity())
        {
            best = Some((found, route.answer));
        }
    }
    let Some((found, answer)) = best else {
        return Error::not_found(format_args!("route: {} {}", request.method, request.path))
            .to_response();
    };
    request.params = found.params;
    answer(&request).unwrap_or_else(|error| {
        if error.status() >= 500 {
            crate::log::error(format_args!("{} {}: {error}", request.method, request.path));
        }
        error.to_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with the name of the route and its parameters.
    macro_rules! named {
        ($name:literal) => {
            |request: &Request| format!("{} {}", $name, shown(request))
        };
    }

    fn shown(request: &Request) -> String {
        ["id", "rest", "a", "b"].map(|name| request.param(name)).join(",")
    }

    const ROUTES: &[Route] = &[
        Route::get("/", named!("root")),
        Route::get("/items/:id", named!("item")),
        Route::get("/items/mine", named!("mine")),
        Route::get("/items/*rest", named!("rest")),
        Route::get("/:a/:b", named!("pair")),
        Route::post("/items", named!("create")),
        Route::get("/bad/*", named!("bare wildcard")),
        Route::get("/fail", || Err::<(), _>(Error::new(418, "TEAPOT", "short and stout"))),
    ];

    fn answer(method: &str, path: &str) -> String {
        let request =
            Request { method: method.to_owned(), path: path.to_owned(), ..Request::default() };
        let response = dispatch(ROUTES, request);
        match response.status() {
            200 => String::from_utf8_lossy(response.body()).into_owned(),
            status => status.to_string(),
        }
    }

    #[test]
    fn the_most_specific_route_answers() {
        assert_eq!(answer("GET", "items/mine"), "mine ,,,");
        assert_eq!(answer("GET", "items/7"), "item 7,,,");
        assert_eq!(answer("GET", "items/7/parts"), "rest ,7/parts,,");
        assert_eq!(answer("GET", "x/y"), "pair ,,x,y");
        assert_eq!(answer("GET", "/"), "root ,,,");
    }

    #[test]
    fn slashes_around_the_path_mean_nothing_and_inside_they_do() {
        assert_eq!(answer("GET", "/items/7/"), "item 7,,,");
        assert_eq!(answer("GET", "items//7"), "rest ,/7,,");
    }

    #[test]
    fn an_encoded_slash_separates_nothing() {
        assert_eq!(answer("GET", "items/a%2Fb%20c"), "item a/b c,,,");
        assert_eq!(answer("GET", "%69tems/mine"), "mine ,,,");
        assert_eq!(answer("GET", "items/%ff"), "404");
        assert_eq!(answer("GET", "items/%2"), "404");
    }

    #[test]
    fn methods_are_exact() {
        assert_eq!(answer("POST", "items"), "create ,,,");
        assert_eq!(answer("HEAD", "items/7"), "404");
    }

    #[test]
    fn what_no_route_names_is_a_404() {
        assert_eq!(answer("GET", "items"), "404");
        assert_eq!(answer("GET", "bad/x/y"), "404", "a bare wildcard never matches");
    }

    #[test]
    fn an_error_becomes_its_response() {
        assert_eq!(answer("GET", "fail"), "418");
    }
}
