// Requests over a few connections that stay open, with as little work around them as there can be.

import { once } from "node:events";
import { connect } from "node:net";

/** A POST as it goes over the wire. */
export function post(url, path, headers, body) {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ host: new URL(url).host, ...headers, "content-length": bytes.length });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), bytes]);
}

/** Open connections to one address. */
export class Load {
  static async open(url, count) {
    const connections = Array.from({ length: count }, () => new Connection(new URL(url)));
    await Promise.all(connections.map((connection) => connection.open()));
    return new Load(connections);
  }

  constructor(connections) {
    this.connections = connections;
  }

  /** Sends every request, each connection one at a time, and returns the answers in order. */
  async send(requests) {
    const answers = new Array(requests.length);
    let next = 0;
    await Promise.all(
      this.connections.map(async (connection) => {
        while (next < requests.length) {
          const at = next;
          next += 1;
          answers[at] = await connection.send(requests[at]);
        }
      }),
    );
    return answers;
  }

  close() {
    for (const connection of this.connections) connection.close();
  }
}

class Connection {
  #url;
  #socket;
  #answer = "";
  #waiting;

  constructor(url) {
    this.#url = url;
  }

  async open() {
    this.#socket = connect(Number(this.#url.port), this.#url.hostname);
    this.#socket.setNoDelay(true);
    // Answers are ASCII: their ids are hexadecimal and their errors English.
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text) => this.#read(text));
    this.#socket.on("close", () => this.#waiting?.reject(new Error("the connection was closed")));
    await once(this.#socket, "connect");
  }

  async send(request) {
    // What has been idle for some seconds, workerd closes.
    if (!this.#socket.writable) await this.open();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  #read(text) {
    this.#answer += text;
    const end = this.#answer.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#answer.slice(0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined && !head.startsWith("HTTP/1.1 204")) {
      this.#waiting.reject(new Error(`an answer without a length: ${head}`));
      return;
    }
    const body = this.#answer.slice(end + 4);
    if (body.length < Number(length ?? 0)) return;
    this.#answer = "";
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve({ status: Number(head.slice(9, 12)), head, body });
  }

  close() {
    this.#socket.destroy();
  }
}
