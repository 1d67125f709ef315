/** What wasm-bindgen makes of the crate goalpost-sdk; the build puts the real module in its place. */
declare module "goalpost-sdk" {
  /** What an instance is given, by the names of modules and functions. */
  export type Imports = WebAssembly.Imports;

  export type Exports = WebAssembly.Exports;

  /** What the module's one instance needs to be made. */
  export function imports(): Imports;

  /** Makes the module's one instance known, in either form. */
  export function use(instance: { exports: Exports }): unknown;

  /** The engine of one page load: text in, text out. */
  export class Sdk {
    constructor(now: number, settings: Uint8Array);
    handle(now: number, text: Uint8Array): void;
    plan(now: number, bytes: Uint8Array): void;
    poll(): string | undefined;
    wakeup(): number;
  }
}

/** What wasm2js makes of the same module. */
declare module "goalpost-sdk/js" {
  /** Makes an instance, and gives what it exports. */
  export function instantiate(imports: WebAssembly.Imports): WebAssembly.Exports & {
    sdk_poll(...given: number[]): unknown;
    __wbindgen_add_to_stack_pointer(by: number): number;
    memory: WebAssembly.Memory;
  };
}
