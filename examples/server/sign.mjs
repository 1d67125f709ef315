// What a shop's server signs for Goalpost, with nothing but Node's own cryptography.

import { createHmac } from "node:crypto";

/** A day: how long a thank-you page may be looked at. */
const DAY = 86_400_000;

/**
 * The token that a thank-you page passes as the property `token` of its purchase.
 *
 * @param {{ site: string, order: string, amount: string, currency: string, expires?: number }} order
 * @param {string} key one of the site's SIGNING_KEYS
 */
export function orderToken({ site, order, amount, currency, expires = Date.now() + DAY }, key) {
  const said = JSON.stringify({ site, order, amount, currency, expires });
  const payload = Buffer.from(said).toString("base64url");
  return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
}

/**
 * The header that signs a request: of this body, at this moment.
 *
 * @param {string} body as it is sent
 * @param {string} key one of the site's SIGNING_KEYS
 * @param {number} [seconds] Unix time
 */
export function signature(body, key, seconds = Math.floor(Date.now() / 1_000)) {
  const code = createHmac("sha256", key).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${code}`;
}
