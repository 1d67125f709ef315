/** What wasm-bindgen makes of the crate goalpost-sdk; the build puts the real module in its place. */
declare module "goalpost-sdk" {
  /** Makes the module's one instance. */
  export function initSync(options: { module: WebAssembly.Module }): unknown;

  /** The engine of one page load: text in, text out. */
  export class Sdk {
    constructor(now: number, settings: Uint8Array);
    handle(now: number, text: Uint8Array): void;
    plan(now: number, bytes: Uint8Array): void;
    poll(): string | undefined;
    wakeup(): number;
  }
}
