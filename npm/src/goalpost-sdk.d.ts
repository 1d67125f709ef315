/** The crate goalpost-sdk as a page calls it; the build puts its glue in this place. */
declare module "goalpost-sdk" {
  /** Makes the module's one instance known; it imports nothing. */
  export function use(instance: WebAssembly.Instance): void;

  /**
   * Tells the engine of the page load what happened: text in, text out. The first call begins it.
   * The answer's records are the time of its wakeup, then what to do.
   */
  export function tell(now: number, text: string): string;
}
