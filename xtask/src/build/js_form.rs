//! The page's module once more, as JavaScript, for browsers that refuse WebAssembly.

use super::sdk::{bind, minify};
use super::wasm::FEATURES;
use crate::call::Call;
use crate::project::Project;
use crate::stamp::Stamp;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// What the compiler may have used. wasm2js knows neither references nor several results, so these
/// two are not among them.
const USED: [&str; 5] = [
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
];

/// Without that section wasm-bindgen takes the module for one of the oldest engines.
const OLDEST: [&str; 2] = ["-g", "--strip-target-features"];

/// Writes what JavaScript has no instruction for with what it has.
const LOWER: [&str; 9] = [
    "-O4",
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--signext-lowering",
    "--llvm-memory-copy-fill-lowering",
    "--llvm-nontrapping-fptoint-lowering",
    "-Oz",
    "--strip-debug",
];

/// Where wasm2js ends to define the module and begins to make its one instance.
const INSTANCE: &str = "var retasmFunc";

/// Makes `to`, whose one export makes an instance, from the compiled `module`.
pub(super) fn build(
    project: &Project,
    wasm_bindgen: &Path,
    module: &Path,
    to: &Path,
) -> Result<()> {
    let lock = project.at("package-lock.json");
    let settings = format!("{} {USED:?} {OLDEST:?} {LOWER:?}", wasm_bindgen.display());
    let stamp = Stamp::new(
        project.target().join("xtask/sdk-js"),
        &[module, &lock],
        &settings,
    )?;
    stamp.unless_fresh(&[to], || {
        let work = project.target().join("xtask/sdk-js-form");
        fs::create_dir_all(&work).context("make a folder for the js form")?;
        let oldest = work.join("sdk.wasm");
        without_features(project, module, &oldest)?;
        let bound = work.join("bound");
        bind(wasm_bindgen, &oldest, &bound)?;
        let lowered = work.join("lowered.wasm");
        wasm_opt(project, &bound.join("sdk_bg.wasm"), &LOWER, &USED, &lowered)?;
        let written = work.join("written.js");
        Call::new(project.npm_bin("wasm2js"))
            .args(["-Oz", "--enable-mutable-globals"])
            .arg(&lowered)
            .arg("-o")
            .arg(&written)
            .run()?;
        let text = fs::read_to_string(&written).context("read what wasm2js wrote")?;
        let uninstantiated = work.join("module.js");
        fs::write(&uninstantiated, without_instance(&text)?).context("write the js form")?;
        minify(project, &uninstantiated, to)
    })
}

/// Makes wasm-bindgen bind a module as it does for the oldest engines.
pub(super) fn without_features(project: &Project, from: &Path, to: &Path) -> Result<()> {
    wasm_opt(project, from, &OLDEST, &FEATURES, to)
}

fn wasm_opt(
    project: &Project,
    from: &Path,
    passes: &[&str],
    features: &[&str],
    to: &Path,
) -> Result<()> {
    Call::new(project.npm_bin("wasm-opt"))
        .arg(from)
        .args(passes)
        .args(features)
        .arg("-o")
        .arg(to)
        .run()
}

/// The module as a function of its imports.
fn without_instance(text: &str) -> Result<String> {
    let (definition, _) = text
        .split_once(INSTANCE)
        .with_context(|| format!("wasm2js wrote no `{INSTANCE}`: change js_form.rs with it"))?;
    let lines = definition
        .lines()
        .filter(|line| !line.starts_with("import "));
    Ok(lines.collect::<Vec<_>>().join("\n") + "\nexport { asmFunc as instantiate };\n")
}

#[cfg(test)]
mod tests {
    use super::without_instance;

    #[test]
    fn the_module_is_kept_and_its_instance_left_out() {
        let written = "import * as it from './it.js';\nfunction asmFunc(imports) {}\n\
            var retasmFunc = asmFunc({\n  './it.js': it,\n});\nexport var memory = retasmFunc.memory;\n";
        assert_eq!(
            without_instance(written).unwrap(),
            "function asmFunc(imports) {}\nexport { asmFunc as instantiate };\n"
        );
    }

    #[test]
    fn another_versions_text_is_refused_by_what_it_lacks() {
        let error = without_instance("function asmFunc(imports) {}").unwrap_err();
        assert!(error.to_string().contains("var retasmFunc"), "{error}");
    }
}
