//! The types whose binary form this crate reads and writes itself.

use sqlx::postgres::PgTypeInfo;
use sqlx::postgres::PgTypeKind;

/// A type by the way it is written on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    /// Everything whose binary form is its text: `text`, `varchar`, `char(n)`, `name`, `citext`,
    /// `xml`, enums.
    Text,
    Uuid,
    Timestamp,
    Timestamptz,
    Date,
    Time,
    Json,
    Jsonb,
    Bytea,
    Void,
}

impl Wire {
    /// How a type is written; `None` for one this crate leaves to Postgres. A domain is written as
    /// its base type.
    pub(super) fn of(info: &PgTypeInfo) -> Option<Self> {
        match info.kind() {
            PgTypeKind::Domain(base) => return Self::of(base),
            PgTypeKind::Enum(_) => return Some(Self::Text),
            PgTypeKind::Simple | PgTypeKind::Pseudo => {}
            PgTypeKind::Composite(_) | PgTypeKind::Array(_) | PgTypeKind::Range(_) => return None,
        }
        // Numbers of pg_type.dat, fixed for all versions of Postgres.
        Some(match info.oid()?.0 {
            16 => Self::Bool,
            17 => Self::Bytea,
            // "char", name, text, unknown, char(n), varchar, xml.
            18 | 19 | 25 | 142 | 705 | 1042 | 1043 => Self::Text,
            20 => Self::Int8,
            21 => Self::Int2,
            23 => Self::Int4,
            26 => Self::Oid,
            114 => Self::Json,
            700 => Self::Float4,
            701 => Self::Float8,
            1082 => Self::Date,
            1083 => Self::Time,
            1114 => Self::Timestamp,
            1184 => Self::Timestamptz,
            1700 => Self::Numeric,
            2278 => Self::Void,
            2950 => Self::Uuid,
            3802 => Self::Jsonb,
            _ if sqlx::TypeInfo::name(info).eq_ignore_ascii_case("citext") => Self::Text,
            _ => return None,
        })
    }

    /// Whether Postgres reads more spellings of a value than this crate does.
    pub(super) fn has_more_texts(self) -> bool {
        matches!(self, Self::Timestamp | Self::Timestamptz | Self::Date | Self::Time | Self::Uuid)
    }

    /// The type as a person would name it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int2 => "smallint",
            Self::Int4 => "integer",
            Self::Int8 => "bigint",
            Self::Oid => "oid",
            Self::Float4 => "real",
            Self::Float8 => "double precision",
            Self::Numeric => "numeric",
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamp with time zone",
            Self::Date => "date",
            Self::Time => "time",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Bytea => "bytea",
            Self::Void => "void",
        }
    }
}
