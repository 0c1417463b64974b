//! From the host's JSON to rows of a type.
//!
//! `{"columns": ["id", "n"], "rows": [["a", 1], …]}` is read where it lies: no row is built up as a map first.

#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::value::RawValue;

use crate::host::HostError;

/// The rows of an answer of `function`.
pub(super) fn decode<T: DeserializeOwned>(
    function: &'static str,
    text: &[u8],
) -> Result<Vec<T>, HostError> {
    /// Some hosts send `null` for no rows.
    #[derive(Deserialize)]
    struct Answer<'a> {
        columns: Vec<String>,
        #[serde(borrow)]
        rows: Option<&'a RawValue>,
    }
    if text.is_empty() {
        return Err(HostError::bad_answer(function, "neither rows nor an error"));
    }
    let bad = |error| HostError::bad_answer(function, error);
    let answer: Answer<'_> = serde_json::from_slice(text).map_err(bad)?;
    let Some(rows) = answer.rows else { return Ok(Vec::new()) };
    // The rows come second, whatever their place in the text: to read one takes the columns.
    let mut rows = serde_json::Deserializer::from_str(rows.get());
    Rows { columns: &answer.columns, of: PhantomData }.deserialize(&mut rows).map_err(bad)
}

struct Rows<'c, T> {
    columns: &'c [String],
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Rows<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<T>, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Rows<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Vec<T>, A::Error> {
        let mut read = Vec::new();
        let row = || RowOf { columns: self.columns, of: PhantomData };
        while let Some(row) = rows.next_element_seed(row())? {
            read.push(row);
        }
        Ok(read)
    }
}

/// One row, which is a JSON array.
struct RowOf<'c, T> {
    columns: &'c [String],
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for RowOf<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowOf<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row, which is a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<T, A::Error> {
        let row = T::deserialize(Row { columns: self.columns, values: &mut values })?;
        if values.next_element::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom(format_args!(
                "a row has the columns {:?}, and fewer were asked for",
                self.columns
            )));
        }
        Ok(row)
    }
}

/// A row as serde sees it: a map for what has names, a list for what has an order, else its only value.
struct Row<'c, 'a, A> {
    columns: &'c [String],
    values: &'a mut A,
}

impl<'de, A: SeqAccess<'de>> Row<'_, '_, A> {
    /// The value of the only column, through the place that says what type it has to have.
    fn only<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        if let [_] = self.columns {
            self.values.next_element_seed(seed)?.ok_or_else(|| A::Error::custom("an empty row"))
        } else {
            Err(A::Error::custom(format_args!(
                "a row has the columns {:?}, and a single value was asked for",
                self.columns
            )))
        }
    }
}

macro_rules! single_values {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
            struct Seed<V>(V);
            impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Seed<V> {
                type Value = V::Value;
                fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
                    from.$method(self.0)
                }
            }
            self.only(Seed(visitor))
        }
    )*};
}

impl<'de, A: SeqAccess<'de>> Deserializer<'de> for Row<'_, '_, A> {
    type Error = A::Error;

    single_values! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! { map struct unit unit_struct ignored_any }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_seq(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_seq(self)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_seq(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        struct Seed<V>(&'static str, &'static [&'static str], V);
        impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Seed<V> {
            type Value = V::Value;
            fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
                from.deserialize_enum(self.0, self.1, self.2)
            }
        }
        self.only(Seed(name, variants, visitor))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Row<'_, '_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.values.next_element_seed(seed)
    }
}

impl<'de, A: SeqAccess<'de>> MapAccess<'de> for Row<'_, '_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let Some((name, rest)) = self.columns.split_first() else { return Ok(None) };
        self.columns = rest;
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.values
            .next_element_seed(seed)?
            .ok_or_else(|| A::Error::custom("a row has fewer values than columns"))
    }
}
