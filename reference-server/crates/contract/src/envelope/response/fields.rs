//! A guest's answer as JSON has it, read in one pass: the body is decoded from where the guest wrote it, and
//! what is no field of the envelope is passed over. A field of another type is no error of the reader's; the
//! envelope says what is wrong with it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value where one type is meant.
#[derive(Debug, Default)]
pub(super) enum Field<T> {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// What was meant.
    Is(T),
    /// Of another type.
    Other,
}

/// The fields of the envelope. Of a name that comes twice, the last counts.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) status: Field<i64>,
    pub(super) headers: Field<Vec<(String, Field<Cow<'a, str>>)>>,
    pub(super) body: Field<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    /// Reads JSON; [`Field::Other`] where it is no object.
    pub(super) fn read(bytes: &'a [u8]) -> serde_json::Result<Field<Self>> {
        // As a whole, since nothing looks into what is passed over.
        let text = str::from_utf8(bytes).map_err(serde_json::Error::custom)?;
        serde_json::from_str(text)
    }
}

/// How a type is made of JSON. Whatever it does not know is of another type.
trait Meant<'de>: Sized {
    fn integer(_: i64) -> Field<Self> {
        Field::Other
    }

    fn text(_: Cow<'de, str>) -> Field<Self> {
        Field::Other
    }

    fn object<A: MapAccess<'de>>(mut members: A) -> Result<Field<Self>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }
}

impl Meant<'_> for i64 {
    fn integer(value: i64) -> Field<Self> {
        Field::Is(value)
    }
}

impl<'de> Meant<'de> for Cow<'de, str> {
    fn text(value: Cow<'de, str>) -> Field<Self> {
        Field::Is(value)
    }
}

impl<'de> Meant<'de> for Vec<(String, Field<Cow<'de, str>>)> {
    fn object<A: MapAccess<'de>>(mut members: A) -> Result<Field<Self>, A::Error> {
        let mut all = Self::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(Field::Is(all))
    }
}

impl<'de> Meant<'de> for Fields<'de> {
    fn object<A: MapAccess<'de>>(mut members: A) -> Result<Field<Self>, A::Error> {
        let mut fields = Self::default();
        while let Some(name) = members.next_key::<Name>()? {
            match name {
                Name::Status => fields.status = members.next_value()?,
                Name::Headers => fields.headers = members.next_value()?,
                Name::Body => fields.body = members.next_value()?,
                Name::Unknown => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Field::Is(fields))
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Status,
    Headers,
    Body,
    #[serde(other)]
    Unknown,
}

impl<'de, T: Meant<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// Takes any JSON value.
struct Any<T>(PhantomData<T>);

impl<'de, T: Meant<'de>> Visitor<'de> for Any<T> {
    type Value = Field<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field<T>, E> {
        Ok(Field::Other)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Field<T>, E> {
        Ok(T::integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Field<T>, E> {
        Ok(i64::try_from(value).map_or(Field::Other, T::integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field<T>, E> {
        Ok(Field::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<T>, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<T>, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Field<T>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Field<T>, A::Error> {
        T::object(members)
    }
}
