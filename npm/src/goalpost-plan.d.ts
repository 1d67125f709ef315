/** What wasm-bindgen makes of the crate goalpost-plan; the build puts the real module in its place. */
declare module "goalpost-plan" {
  export function initSync(options: { module: BufferSource }): unknown;
  export function read(plan: string): string;
  export function explain(plan: string, observation: string): string;
}

/** Node's own, as far as the tools of the command line need it. */
declare module "node:fs" {
  export function readFileSync(path: URL): Uint8Array<ArrayBuffer>;
  export function readFileSync(path: URL | string, encoding: "utf8"): string;
  export function writeFileSync(path: string, text: string): void;
}

declare module "node:util" {
  export function parseArgs(options: { allowPositionals: true; options: { out: { type: "string"; short: "o" } } }): {
    values: { out?: string };
    positionals: string[];
  };
}

declare const process: { exitCode: number; env: Record<string, string | undefined>; stdout: { write(text: string): void } };
