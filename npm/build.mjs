/**
 * Builds the package and what the edge serves, from the SDK's module in `dist/sdk`.
 *
 * node npm/build.mjs [--sdk <folder>] [--package <folder>] [--assets <folder>]
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = resolve(here, "..");
const { values: folders } = parseArgs({
  options: {
    sdk: { type: "string", default: join(root, "dist/sdk") },
    package: { type: "string", default: join(here, "dist") },
    assets: { type: "string", default: join(root, "dist/assets") },
  },
});

const glue = join(folders.sdk, "sdk.js");
const module = join(folders.sdk, "sdk_bg.wasm");
if (!existsSync(glue) || !existsSync(module)) {
  console.error(`${folders.sdk} has no sdk.js and sdk_bg.wasm: run \`cargo xtask build\`.`);
  process.exit(1);
}

const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const browsers = "es2021";

/** Loaded by few pages, each only when it is needed: the file, and where it begins. */
const CHUNKS = { "raw.js": "loader/raw.ts", "consent.js": "loader/consent.ts" };
/** By what a source imports them under: the last part of its path. */
const chunkAddresses = Object.fromEntries(
  Object.entries(CHUNKS).map(([name, entry]) => [`./${entry.split("/").at(-1).replace(".ts", ".js")}`, `./${name}`]),
);
const out = (name) => join(folders.package, name);
const from = (name) => join(here, "src", name);

/** Each entry as one text, with what the page is to find under other names left as imports. */
const bundled = async (entry, { outside = {}, ...options }) => {
  const renamed = {
    name: "renamed",
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, kind }) => {
        if (path === "goalpost-sdk") return { path: glue };
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
    plugins: [renamed],
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
  return outputFiles[0].text;
};

rmSync(folders.package, { recursive: true, force: true });
mkdirSync(folders.package, { recursive: true });

// What the page loads after the loader: one folder, named for its content.
const esm = { format: "esm", minify: true };
const sdk = await bundled("loader/take-over.ts", { ...esm, outside: chunkAddresses });
const chunks = Object.fromEntries(
  await Promise.all(Object.entries(CHUNKS).map(async ([name, entry]) => [name, await bundled(entry, esm)])),
);
const wasm = readFileSync(module);
const assets = { "sdk.js": sdk, ...chunks, "sdk.wasm": wasm };
const content = createHash("sha256");
for (const asset of Object.values(assets)) content.update(asset);
const hash = content.digest("hex").slice(0, 10);

const gp = await bundled("loader/gp.ts", {
  format: "iife",
  minify: true,
  define: { ASSETS: JSON.stringify(`/a/${hash}/sdk.js`) },
});
const integrity = `sha384-${createHash("sha384").update(gp).digest("base64")}`;

// The package.
for (const [name, content] of Object.entries({ ...assets, "gp.js": gp })) writeFileSync(out(name), content);
const atEdge = (path) => ({ define: { WASM_AT_EDGE: path } });
writeFileSync(
  out("index.js"),
  await bundled("index.ts", {
    format: "esm",
    outside: { "./loader/take-over.js": "./sdk.js" },
    ...atEdge("undefined"),
  }),
);
writeFileSync(
  out("index.cjs"),
  await bundled("index.ts", {
    format: "cjs",
    define: {
      WASM_AT_EDGE: JSON.stringify(`/a/${hash}/sdk.wasm`),
      "import.meta.url": "undefined",
    },
  }),
);
writeFileSync(out("server.js"), await bundled("server.ts", { format: "esm" }));
writeFileSync(out("server.cjs"), await bundled("server.ts", { format: "cjs" }));
const schema = join(here, "schema/plan.schema.json");
if (existsSync(schema)) cpSync(schema, out("plan.schema.json"));
else console.warn("There is no schema/plan.schema.json: run `cargo xtask gen`. The package lacks it.");

// The types, in both of their module systems.
const types = out("types");
execFileSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", here, "--outDir", types],
  { stdio: "inherit" },
);
for (const name of ["index", "server", "api", "generated/plan"]) {
  const text = readFileSync(join(types, `${name}.d.ts`), "utf8");
  const flat = name.replace("generated/", "");
  const moved = text.replaceAll("./generated/", "./");
  writeFileSync(out(`${flat}.d.ts`), moved);
  writeFileSync(out(`${flat}.d.cts`), moved.replace(/(from "\.\/[^"]+)\.js"/g, '$1.cjs"'));
}
rmSync(types, { recursive: true });

// What the edge serves. Builds of before would be served for ever.
rmSync(join(folders.assets, "a"), { recursive: true, force: true });
mkdirSync(join(folders.assets, "a", hash), { recursive: true });
for (const [name, content] of Object.entries(assets)) {
  writeFileSync(join(folders.assets, "a", hash, name), content);
}
writeFileSync(join(folders.assets, "gp.js"), gp);
const manifest = {
  version,
  hash,
  loader: { path: "gp.js", integrity },
  assets: Object.keys(assets).map((name) => `a/${hash}/${name}`),
};
writeFileSync(join(folders.assets, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

for (const name of readdirSync(folders.package).filter((name) => /\.(js|wasm)$/.test(name))) {
  const content = readFileSync(out(name));
  console.log(`${name.padEnd(12)} ${String(content.length).padStart(7)} ${String(brotliCompressSync(content).length).padStart(7)} br`);
}
console.log(`
<script async src="/_g/gp.js" integrity="${integrity}" data-site="your-site"></script>`);
