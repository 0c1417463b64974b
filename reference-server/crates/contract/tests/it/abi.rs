//! Packed pointers and the tables of functions.

use std::collections::BTreeSet;

use contract::abi::{GUEST_EXPORTS, HOST_FUNCTIONS, guest_export, host_function, pack, unpack};
use proptest::prelude::*;

proptest! {
    #[test]
    fn packing_loses_nothing(pointer: u32, length: u32) {
        prop_assert_eq!(unpack(pack(pointer, length)), (pointer, length));
    }

    #[test]
    fn unpacking_loses_nothing(packed: i64) {
        let (pointer, length) = unpack(packed);
        prop_assert_eq!(pack(pointer, length), packed);
    }
}

#[test]
fn the_pointer_is_the_upper_half() {
    assert_eq!(pack(1, 2), 0x1_0000_0002);
    // A pointer beyond 2 GiB makes the packed value negative; it is no error.
    assert_eq!(pack(0x8000_0000, 1), i64::MIN + 1);
    assert_eq!(unpack(-1), (u32::MAX, u32::MAX));
}

#[test]
fn function_names_are_unique_and_sorted() {
    let names: Vec<_> = HOST_FUNCTIONS.iter().map(|function| function.name).collect();
    let sorted: Vec<_> = BTreeSet::from_iter(names.clone()).into_iter().collect();
    assert_eq!(names, sorted);
    let exports: BTreeSet<_> = GUEST_EXPORTS.iter().map(|export| export.name).collect();
    assert_eq!(exports.len(), GUEST_EXPORTS.len());
}

#[test]
fn signatures_read_as_in_the_documentation() {
    let of = |name: &str| host_function(name).map(|function| function.signature.to_string());
    assert_eq!(of("db_query2").as_deref(), Some("(i64, i64, i64, i64, i64, i64, i64, i64) -> ()"));
    assert_eq!(of("http_respond").as_deref(), Some("(i32, i64, i64) -> ()"));
    assert_eq!(of("tasks_list").as_deref(), Some("(i64, i64) -> (i64, i64)"));
    assert_eq!(of("db_tx_begin").as_deref(), Some("() -> (i32)"));
    assert_eq!(of("no_such_function"), None);
}

#[test]
fn events_are_handled_in_either_shape() {
    let shapes = guest_export("HandleEvent").map_or(0, |export| export.signatures.len());
    assert_eq!(shapes, 2);
}
