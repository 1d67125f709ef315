import { send, type Connection, type EventResult, type ServerEvent } from "./events.js";
import { signOrder, type Order } from "./sign.js";

export { SendError, type Connection, type Contact, type EventResult, type ServerEvent } from "./events.js";
export { signOrder, signRequest, type Order } from "./sign.js";

/* For a shop's servers: what only they know. With nothing but `fetch` and WebCrypto, so Workers run it too. */

/** A site as one of its servers speaks to it. */
export interface Server {
  events: {
    /**
     * Reports events, as many as you like, and tells what became of each.
     *
     * Rejects with a `SendError` that holds what did not arrive.
     */
    send(events: ServerEvent[]): Promise<EventResult[]>;
  };
  /** The token that verifies a thank-you page's amount. Needs `key`. */
  signOrder(order: Omit<Order, "site">): Promise<string>;
}

/** `connect({ edge: "https://shop.example", site: "your-site", token })`, or with a `key` instead. */
export const connect = (to: Connection): Server => ({
  events: { send: (events) => send(to, events) },
  signOrder: (order) => signOrder({ ...order, site: to.site }, to.key ?? ""),
});
