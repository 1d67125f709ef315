/**
 * How large each file of the package is, beside what `sizes.json` says of it.
 *
 * node npm/sizes.mjs            tells, and fails where a file has grown or shrunk by too much
 * node npm/sizes.mjs --accept   writes what is so now
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A change of less is noise: of 3 in 100, or of so many bytes where that is more. */
const SHARE = 0.03;
const BYTES = 64;
const FORMS = ["raw", "gzip", "brotli"];

/** In bytes: as it is, after gzip, and after brotli, both at their strongest. */
const sizeOf = (content) => ({
  raw: content.length,
  gzip: gzipSync(content, { level: 9 }).length,
  brotli: brotliCompressSync(content).length,
});

/** The size of each file that somebody loads. */
export const measured = () =>
  Object.fromEntries(
    readdirSync(at("dist"))
      .filter((name) => /\.(c?js|wasm)$/.test(name))
      .sort()
      .map((name) => [name, sizeOf(readFileSync(at(`dist/${name}`)))]),
  );

/** What is no longer as the snapshot says: a line for each. */
export const changes = (before, now) =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) => {
    if (!now[name]) return [`${name} is gone`];
    if (!before[name]) return [`${name} is new`];
    return FORMS.filter((form) => {
      const [old, size] = [before[name][form], now[name][form]];
      return Math.abs(size - old) > Math.max(BYTES, old * SHARE);
    }).map((form) => `${name}: ${form} was ${before[name][form]} bytes, is ${now[name][form]}`);
  });

export const snapshot = () => JSON.parse(readFileSync(at("sizes.json"), "utf8"));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const now = measured();
  if (process.argv.includes("--accept")) {
    const lines = Object.entries(now).map(([name, size]) => `  "${name}": ${JSON.stringify(size)}`);
    writeFileSync(at("sizes.json"), `{\n${lines.join(",\n")}\n}\n`);
  }
  for (const [name, size] of Object.entries(now)) {
    console.log(name.padEnd(12), ...FORMS.map((form) => String(size[form]).padStart(8)));
  }
  const found = changes(snapshot(), now);
  if (found[0]) {
    console.error(`\n${found.join("\n")}\nIf it is meant: node npm/sizes.mjs --accept`);
    process.exitCode = 1;
  }
}
