/** The few parts of the frameworks that their bindings use. Who installs the package has the real ones. */
declare module "react" {
  export type ReactNode = unknown;
  export function useEffect(work: () => void, dependencies: unknown[]): void;
  export function useRef<T>(first: T): { current: T };
}

declare module "vue" {
  export interface App {
    config: { globalProperties: object };
  }
}
