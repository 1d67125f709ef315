//! Goalpost in the page.
//!
//! [`engine`] decides, without a browser; `boundary` lets JavaScript drive it. The shell that
//! listens to the page and carries out effects is TypeScript, in `npm/src/shell`.

mod boundary;
pub mod engine;

pub use boundary::{Sdk, answered, tell};
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());
