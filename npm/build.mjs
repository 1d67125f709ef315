/**
 * Builds the package and what the edge serves, from the modules in `dist/sdk` and `dist/plan`.
 *
 * node npm/build.mjs [--sdk <folder>] [--plan <folder>] [--package <folder>] [--assets <folder>]
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = resolve(here, "..");
const { values: folders } = parseArgs({
  options: {
    sdk: { type: "string", default: join(root, "dist/sdk") },
    plan: { type: "string", default: join(root, "dist/plan") },
    package: { type: "string", default: join(here, "dist") },
    assets: { type: "string", default: join(root, "dist/assets") },
  },
});

/** What wasm-bindgen has made of a crate. */
const bound = (folder, name) => {
  const [glue, module] = [join(folder, `${name}.js`), join(folder, `${name}_bg.wasm`)];
  if (existsSync(glue) && existsSync(module)) return { glue, module };
  console.error(`${folder} has no ${name}.js and ${name}_bg.wasm: run \`cargo xtask build\`.`);
  process.exit(1);
};
const { glue, module } = bound(folders.sdk, "sdk");
const moduleInJs = join(folders.sdk, "sdk_bg.js");
const plan = bound(folders.plan, "plan");

const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const browsers = "es2021";

/** Loaded by few pages, each only when it is needed: the file, and where it begins. */
const CHUNKS = {
  "raw.js": "loader/raw.ts",
  "sdk-js.js": "loader/js-form.ts",
  "consent.js": "loader/consent.ts",
  "segments.js": "loader/segments.ts",
  "link.js": "shell/link.ts",
  "overlay.js": "shell/overlay.ts",
  // A chunk stands after those that it loads.
  "embeds.js": "shell/embeds.ts",
  "watch.js": "shell/watch.ts",
};
/** By what a source imports them under: the last part of its path. */
const chunkAddresses = Object.fromEntries(
  Object.entries(CHUNKS).map(([name, entry]) => [`./${entry.split("/").at(-1).replace(".ts", ".js")}`, `./${name}`]),
);
const out = (name) => join(folders.package, name);
const from = (name) => join(here, "src", name);

/** Each entry as one text, with what the page is to find under other names left as imports. */
const bundled = async (entry, { outside = {}, plugins = [], ...options }) => {
  const renamed = {
    name: "renamed",
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, kind }) => {
        if (path === "goalpost-sdk") return { path: glue };
        if (path === "goalpost-plan") return { path: plan.glue };
        if (path === "goalpost-sdk/js") return { path: moduleInJs };
        return kind !== "entry-point" && outside[path] ? { path: outside[path], external: true } : undefined;
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: [from(entry)],
    bundle: true,
    write: false,
    target: browsers,
    legalComments: "none",
    logLevel: "warning",
    plugins: [...plugins, renamed],
    // The loader pays for every byte, and modules are strict anyway.
    tsconfigRaw: {},
    ...options,
    define: {
      VERSION: JSON.stringify(version),
      // The glue's ways to free the engine early: a page has one, for as long as it lives.
      FinalizationRegistry: "undefined",
      "Symbol.dispose": "undefined",
      ...options.define,
    },
  });
  const { text } = outputFiles[0];
  return options.minify ? tighter(text) : text;
};

const compressed = (text) => brotliCompressSync(text).length;

/** One minifier folds what the other leaves; where that only helps before compression, the text stays as it is. */
const tighter = async (text) => {
  const { code } = await minify(text, { ecma: 2021, module: true, compress: { passes: 3 } });
  return compressed(code) < compressed(text) ? code : text;
};

rmSync(folders.package, { recursive: true, force: true });
mkdirSync(folders.package, { recursive: true });

const digest = (algorithm, content) => `${algorithm}-${createHash(algorithm).update(content).digest("base64")}`;
/** The shorter of the two that are safe: pages download these. */
const integrityOf = (content) => digest("sha256", content);

// What the page loads after the loader: one folder, named for its content.
const esm = { format: "esm", minify: true };
const wasm = readFileSync(module);
const chunks = {};

/** Where a source imports a chunk, has the browser check the chunk's bytes. */
const checked = {
  name: "checked",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8").replace(/\bimport\("([^"]+)"\)/g, (whole, name) => {
        const chunk = chunkAddresses[name];
        return chunk ? `checked("${chunk}", "${integrityOf(chunks[chunk.slice(2)])}")` : whole;
      });
      const uses = text.includes('checked("') ? `import { checked } from ${JSON.stringify(from("loader/checked.ts"))};\n` : "";
      return { contents: uses + text, loader: "ts" };
    });
  },
};
const served = { ...esm, plugins: [checked], define: { WASM_INTEGRITY: JSON.stringify(integrityOf(wasm)) } };
for (const [name, entry] of Object.entries(CHUNKS)) chunks[name] = await bundled(entry, served);
const sdk = await bundled("loader/take-over.ts", served);
for (const [name, content] of Object.entries(chunks)) {
  if (![sdk, ...Object.values(chunks)].some((text) => text.includes(integrityOf(content)))) {
    console.error(`No file knows the hash of ${name}: import it as import("./${CHUNKS[name].split("/").at(-1).replace(".ts", ".js")}").`);
    process.exit(1);
  }
}
/** A bundler finds the chunks by where they are imported, and may change them. */
const toBundle = { ...esm, outside: chunkAddresses, define: { WASM_INTEGRITY: "undefined" } };

const assets = { "sdk.js": sdk, ...chunks, "sdk.wasm": wasm };
const content = createHash("sha256");
for (const asset of Object.values(assets)) content.update(asset);
const hash = content.digest("hex").slice(0, 8);

const gp = await bundled("loader/gp.ts", {
  format: "iife",
  minify: true,
  define: { ASSETS: JSON.stringify(`/a/${hash}/sdk.js`), INTEGRITY: JSON.stringify(integrityOf(sdk)) },
});
const integrity = digest("sha384", gp);

// The package.
for (const [name, entry] of Object.entries({ ...CHUNKS, "sdk.js": "loader/take-over.ts" })) {
  writeFileSync(out(name), await bundled(entry, toBundle));
}
writeFileSync(out("sdk.wasm"), wasm);
writeFileSync(out("gp.js"), gp);
cpSync(plan.module, out("plan.wasm"));

/** CommonJS has no address of its own, as modules have. */
const HERE = {
  define: { "import.meta.url": "here" },
  banner: { js: 'const here = require("node:url").pathToFileURL(__filename).href;' },
};
/** The functions' own file depends on where the package is used, so bindings ask for it by name. */
const BY_NAME = { "../index.js": "goalpost", "./react.js": "goalpost/react" };
const NO_ADDRESS = { define: { WASM_AT_EDGE: "undefined" } };

/**
 * What can be imported: where each file begins, and what is special about it in either format.
 * A null: there is none.
 */
const ENTRIES = {
  index: {
    from: "index.ts",
    esm: { outside: { "./loader/take-over.js": "./sdk.js" }, ...NO_ADDRESS },
    // It cannot tell its bundler where `sdk.wasm` is.
    cjs: {
      outside: chunkAddresses,
      define: {
        WASM_AT_EDGE: JSON.stringify(`/a/${hash}/sdk.wasm`),
        WASM_INTEGRITY: "undefined",
        "import.meta.url": "undefined",
      },
    },
  },
  quiet: { from: "quiet.ts" },
  react: { from: "bindings/react.ts", both: { banner: { js: '"use client";' } } },
  next: { from: "bindings/next.ts" },
  vue: { from: "bindings/vue.ts" },
  svelte: { from: "bindings/svelte.ts" },
  server: { from: "server/index.ts" },
  wasm: { from: "wasm.ts", cjs: HERE },
  plan: { from: "plan/index.ts", esm: { outside: { "../wasm.js": "./wasm.js" } }, cjs: { outside: { "../wasm.js": "./wasm.cjs" } } },
  cli: { from: "plan/cli.ts", esm: { outside: { "../wasm.js": "./wasm.js" }, banner: { js: "#!/usr/bin/env node" } }, cjs: null },
};
const FORMATS = { esm: "js", cjs: "cjs" };

for (const [name, entry] of Object.entries(ENTRIES)) {
  for (const [format, ending] of Object.entries(FORMATS)) {
    if (entry[format] === null) continue;
    const options = { ...entry.both, ...entry[format] };
    const outside = { ...(name !== "index" && BY_NAME), ...options.outside };
    const external = ["react", "vue", "node:*"];
    writeFileSync(out(`${name}.${ending}`), await bundled(entry.from, { format, external, ...options, outside }));
  }
}
chmodSync(out("cli.js"), 0o755);

for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.md"]) cpSync(join(root, name), out(name));
const schema = join(here, "schema/plan.schema.json");
if (existsSync(schema)) cpSync(schema, out("plan.schema.json"));
else console.warn("There is no schema/plan.schema.json: run `cargo xtask gen`. The package lacks it.");

// The types of what can be imported and all that they name, in both module systems.
const emitted = join(folders.package, "emitted");
execFileSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", here, "--outDir", emitted],
  { stdio: "inherit" },
);
const typed = new Set();
const addTypes = (path) => {
  if (typed.has(path)) return;
  typed.add(path);
  const text = readFileSync(`${path}.d.ts`, "utf8");
  const target = join(folders.package, "types", relative(emitted, path));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.d.ts`, text);
  writeFileSync(`${target}.d.cts`, text.replace(/(from "\.[^"]+)\.js"/g, '$1.cjs"'));
  for (const [, other] of text.matchAll(/from "(\.[^"]+)\.js"/g)) addTypes(join(dirname(path), other));
};
for (const { from, cjs } of Object.values(ENTRIES)) {
  if (cjs !== null) addTypes(join(emitted, from.replace(/\.ts$/, "")));
}
rmSync(emitted, { recursive: true });

// What the edge serves. Builds of before would be served for ever.
rmSync(join(folders.assets, "a"), { recursive: true, force: true });
mkdirSync(join(folders.assets, "a", hash), { recursive: true });
for (const [name, content] of Object.entries(assets)) {
  writeFileSync(join(folders.assets, "a", hash, name), content);
}
writeFileSync(join(folders.assets, "gp.js"), gp);
const modules = Object.entries(assets).filter(([name]) => name.endsWith(".js"));
const importMap = JSON.stringify({
  integrity: Object.fromEntries(modules.map(([name, content]) => [`/_g/a/${hash}/${name}`, integrityOf(content)])),
});
const manifest = {
  version,
  hash,
  loader: { path: "gp.js", integrity },
  assets: Object.keys(assets).map((name) => `a/${hash}/${name}`),
  integrity: Object.fromEntries(
    Object.entries(assets).map(([name, content]) => [`a/${hash}/${name}`, integrityOf(content)]),
  ),
};
writeFileSync(join(folders.assets, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

for (const name of readdirSync(folders.package).filter((name) => /\.(js|wasm)$/.test(name))) {
  const content = readFileSync(out(name));
  console.log(`${name.padEnd(12)} ${String(content.length).padStart(7)} ${String(brotliCompressSync(content).length).padStart(7)} br`);
}
console.log(`
<script async src="/_g/gp.js" integrity="${integrity}" data-site="your-site"></script>

For Safari, which holds modules to their hashes only by a page's own import map:
<script type="importmap">${importMap}</script>`);
