/** How long a thank-you page may be looked at: a day. */
const DAY_MS = 86_400_000;

/** Bytes of the shortest key that the edge takes. */
const KEY_BYTES = 16;

/** What an order token says. */
export interface Order {
  site: string;
  order: string;
  /** Decimal text, such as `"129.00"`. */
  amount: string;
  /** ISO 4217. */
  currency: string;
  /** Until when the token holds: Unix milliseconds. Default: a day from now. */
  expires?: number;
}

const encoder = new TextEncoder();

const hmac = async (key: string, message: string): Promise<Uint8Array> => {
  const bytes = encoder.encode(key);
  if (bytes.length < KEY_BYTES) throw new RangeError(`key: has fewer than ${KEY_BYTES} bytes; use one of the site's SIGNING_KEYS`);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(message)));
};

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/**
 * The token that a thank-you page passes as the property `token` of its purchase: with it, the page's
 * amount is verified. `key` is one of the site's SIGNING_KEYS.
 */
export const signOrder = async (order: Order, key: string): Promise<string> => {
  const { site, order: number, amount, currency, expires = Date.now() + DAY_MS } = order;
  const said = JSON.stringify({ site, order: number, amount, currency, expires });
  const payload = base64url(encoder.encode(said));
  return `${payload}.${base64url(await hmac(key, payload))}`;
};

/** The value of the header `Goalpost-Signature`: of this body, at this moment (Unix seconds). */
export const signRequest = async (
  body: string,
  key: string,
  seconds: number = Math.floor(Date.now() / 1_000),
): Promise<string> => {
  const code = await hmac(key, `${seconds}.${body}`);
  return `t=${seconds},v1=${Array.from(code, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
};
