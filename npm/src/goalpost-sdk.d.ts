/** The crate goalpost-sdk as a page calls it; the build puts its glue in this place. */
declare module "goalpost-sdk" {
  /** Makes the module's one instance known, in either form; it imports nothing. */
  export function use(instance: { exports: WebAssembly.Exports }): void;

  /**
   * Tells the engine of the page load what happened: text in, text out. The first call begins it.
   * The answer's records are the time of its wakeup, then what to do.
   */
  export function tell(now: number, text: string): string;

  /** All that the engine knows. */
  export function snapshot(): ArrayBuffer;

  /** Puts the engine back to where it was, though it may have been interrupted meanwhile. */
  export function restore(known: ArrayBuffer): void;
}

/** What wasm2js makes of the same module. */
declare module "goalpost-sdk/js" {
  /** Makes an instance, and gives what it exports. */
  export function instantiate(imports: WebAssembly.Imports): WebAssembly.Exports;
}
