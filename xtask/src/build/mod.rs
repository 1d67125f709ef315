//! Builds what is deployed: the page's SDK, the npm packages, the Worker, the demo shop.

mod js_form;
mod pages;
mod plan;
mod sdk;
mod wasm;
mod worker;

use crate::project::Project;
use crate::report::step;
use crate::setup::{node, tools, wasm_target};
use anyhow::Result;

pub(crate) use wasm::{WORKER_ENV, for_wasm};

/// Everything, in the order in which the parts need each other.
pub(crate) fn all(project: &Project) -> Result<()> {
    page(project)?;
    let toolchain = wasm_target::ready()?;
    let tools = tools::ready(project)?;
    step("build: worker", || {
        worker::build(project, toolchain, &tools)
    })?;
    step("build: edge package", || pages::edge_package(project))?;
    step("build: shop", || pages::shop(project))
}

/// What a page downloads: the SDK, and the npm package with the loader and the assets.
pub(crate) fn page(project: &Project) -> Result<()> {
    let (toolchain, wasm_bindgen) = step("build: set-up", || {
        node::ready(project)?;
        Ok((wasm_target::ready()?, tools::wasm_bindgen(project)?))
    })?;
    step("build: sdk", || {
        sdk::build(project, toolchain, &wasm_bindgen)
    })?;
    step("build: plan", || {
        plan::build(project, toolchain, &wasm_bindgen)
    })?;
    step("build: npm package", || pages::npm_package(project))
}
