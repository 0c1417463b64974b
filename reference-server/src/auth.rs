//! Who is calling, and what they may do.
//!
//! | module | question it answers |
//! |---|---|
//! | [`credentials`] | where in the request the credentials are |
//! | [`authenticate`] | whether they are good, and whose they are |
//! | [`identity`] | what is known about the caller, and the refusals that follow from it |
//! | [`permissions`] | what the caller may do |
//! | [`token`], [`sessions`], [`api_key`], [`password`] | the four things credentials are made of |

pub mod api_key;
pub mod authenticate;
pub mod credentials;
pub mod identity;
pub mod password;
pub mod permissions;
pub mod sessions;
pub mod token;
