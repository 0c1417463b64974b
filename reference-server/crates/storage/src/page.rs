//! Pages of a list.

use serde::Serialize;

/// Which part of a list to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many items at most.
    pub limit: u32,
    /// How many items to skip first.
    pub offset: u32,
}

impl Page {
    /// The most items one page may hold: a list is read into memory whole.
    pub const MAX_SIZE: u32 = 200;

    /// Page `number`, counted from 1, of `size` items. Zero counts as 1, and a larger size than
    /// [`Page::MAX_SIZE`] as that.
    pub fn new(number: u32, size: u32) -> Self {
        let limit = size.clamp(1, Self::MAX_SIZE);
        Self { limit, offset: number.saturating_sub(1).saturating_mul(limit) }
    }
}

/// One page, and how many items there are on all of them.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Rows)]
pub struct Paged<T> {
    /// The page's items.
    pub items: Vec<T>,
    /// Items on all pages.
    pub total: i64,
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn pages_are_counted_from_one_and_bounded() {
        assert_eq!(Page::new(1, 20), Page { limit: 20, offset: 0 });
        assert_eq!(Page::new(3, 20), Page { limit: 20, offset: 40 });
        assert_eq!(Page::new(0, 0), Page { limit: 1, offset: 0 });
        assert_eq!(Page::new(2, 9_999).limit, Page::MAX_SIZE);
        assert_eq!(Page::new(u32::MAX, 200).offset, u32::MAX);
    }
}
