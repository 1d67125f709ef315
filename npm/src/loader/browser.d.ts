/** What browsers have and TypeScript's own library does not know yet. */
interface Navigator {
  readonly globalPrivacyControl?: boolean;
  readonly doNotTrack: string | null;
}

interface Document {
  readonly prerendering?: boolean;
}

interface Window {
  readonly navigation?: EventTarget;
}
