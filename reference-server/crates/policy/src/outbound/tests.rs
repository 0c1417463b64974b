//! Tables of URLs and addresses.

use super::*;
