//! The suite's own ends of the wire: the catalog a host reads, the server its plugins fetch from, and
//! the channel and the streams of its events.

pub mod archive;
mod authority;
mod bus;
mod catalog;
mod gate;
mod outbound;
mod serve;

pub use authority::{Authority, AuthorityError};
pub use bus::{Bus, BusError, BusMessage};
pub use catalog::{Bundle, Catalog, CatalogError};
pub use gate::Gate;
pub use outbound::{End, Outbound, OutboundError, Script, SeenRequest};
