//! The parameters of a statement.

use serde::Serialize;

use crate::host::HostError;

/// Parameters of a statement, anything serde writes: a tuple for a fixed number of them, an array, a slice or a
/// `Vec` for many of one type, `()` for none.
///
/// ```
/// # use hostproof_guest::db;
/// # fn f(task: &str, position: Option<i32>, ids: Vec<String>) -> Result<(), hostproof_guest::HostError> {
/// db::execute("UPDATE items SET done = $2, position = $3 WHERE task_id = $1", (task, true, position))?;
/// db::execute("DELETE FROM items WHERE id = ANY ($1)", (ids,))?; // one parameter, which is a list
/// db::execute("DELETE FROM items", ())?;
/// # Ok(()) }
/// ```
///
/// A single value is no list, and the compiler says how one is written:
///
/// ```compile_fail,E0277
/// # use hostproof_guest::db;
/// db::execute("DELETE FROM items WHERE id = $1", 7); // (7,) is meant
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of parameters",
    label = "parameters are a tuple",
    note = "one parameter is written as a tuple of one, `(x,)`; none as `()`"
)]
pub trait Params: sealed::Sealed {
    /// The JSON array that the host binds; empty for no parameters. `function` is named in the error.
    #[doc(hidden)]
    fn to_json(&self, function: &'static str) -> Result<String, HostError>;
}

mod sealed {
    pub trait Sealed {}
}

fn json(function: &'static str, value: &impl Serialize) -> Result<String, HostError> {
    serde_json::to_string(value)
        .map_err(|error| HostError::from_text(function, &format!("params_invalid: {error}")))
}

impl sealed::Sealed for () {}
impl Params for () {
    fn to_json(&self, _: &'static str) -> Result<String, HostError> {
        Ok(String::new())
    }
}

impl<P: Params + ?Sized> sealed::Sealed for &P {}
impl<P: Params + ?Sized> Params for &P {
    fn to_json(&self, function: &'static str) -> Result<String, HostError> {
        (**self).to_json(function)
    }
}

macro_rules! lists {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {$(
        impl<$($generics)*> sealed::Sealed for $type {}
        impl<$($generics)*> Params for $type {
            fn to_json(&self, function: &'static str) -> Result<String, HostError> {
                // As a slice: serde knows arrays of some lengths only.
                json(function, &&self[..])
            }
        }
    )*};
}

lists!([T: Serialize] [T], [T: Serialize] Vec<T>, [T: Serialize, const N: usize] [T; N]);

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: Serialize),*> sealed::Sealed for ($($name,)*) {}
        impl<$($name: Serialize),*> Params for ($($name,)*) {
            fn to_json(&self, function: &'static str) -> Result<String, HostError> {
                json(function, self)
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn text(params: impl Params) -> Result<String, String> {
        params.to_json("db_exec").map_err(|error| error.code)
    }

    #[test]
    fn parameters_are_a_json_array() {
        assert_eq!(text(("x", 3, None::<i32>)).as_deref(), Ok(r#"["x",3,null]"#));
        assert_eq!(text((vec![1, 2],)).as_deref(), Ok("[[1,2]]"));
        assert_eq!(text(&["a", "b"][..]).as_deref(), Ok(r#"["a","b"]"#));
        assert_eq!(text([1; 40]).map(|text| text.len()), Ok(81));
        assert_eq!(text(()).as_deref(), Ok(""));
    }

    #[test]
    fn what_has_no_json_form_is_an_error_and_not_sent() {
        let odd = BTreeMap::from([(vec![1], 2)]);
        assert_eq!(text((odd,)), Err("params_invalid".to_owned()));
    }
}
