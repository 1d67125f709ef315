//! What wasm-bindgen's glue lacks before it can drive the same module as JavaScript.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// Wasm-bindgen asks whether memory has grown by looking for a detached buffer, and only
/// WebAssembly's own detaches. In both forms a memory that has grown has another buffer.
const DETACHED: &str = "cachedUint8ArrayMemory0.byteLength === 0";
const REPLACED: &str = "cachedUint8ArrayMemory0.buffer !== wasm.memory.buffer";

/// The glue's own ways to make an instance know one form. Both parts of them are there already.
const PARTS: &str = "export { __wbg_get_imports as imports, __wbg_finalize_init as use };\n";

/// Tells by its text what is changed here.
pub(super) const CHANGES: &str = PARTS;

/// Changes the glue in its file.
pub(super) fn for_both_forms(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    fs::write(file, changed(&text)?).with_context(|| format!("write {}", file.display()))
}

fn changed(glue: &str) -> Result<String> {
    for part in [
        DETACHED,
        "function __wbg_get_imports()",
        "function __wbg_finalize_init(",
    ] {
        if !glue.contains(part) {
            bail!("wasm-bindgen's glue has no `{part}` any more: change glue.rs with its version");
        }
    }
    Ok(glue.replace(DETACHED, REPLACED) + PARTS)
}

#[cfg(test)]
mod tests {
    use super::{DETACHED, changed};

    #[test]
    fn another_versions_glue_is_refused_by_what_it_lacks() {
        let error = changed("let wasm;").unwrap_err().to_string();
        assert!(error.contains(DETACHED), "{error}");
    }
}
