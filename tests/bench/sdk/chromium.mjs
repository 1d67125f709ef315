// Chromium over its debugging pipe. No driver in between: the passes about prerendering and the
// back-forward cache need pages that nobody is attached to.

import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--mute-audio",
  "--autoplay-policy=no-user-gesture-required",
  "--window-size=1280,900",
  // Several pages are visited at the same time; none is in the background.
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--disable-background-timer-throttling",
  "--ignore-certificate-errors",
  // Several peers send nothing where they see a machine.
  "--disable-blink-features=AutomationControlled",
  "--remote-debugging-pipe",
];

/** A command waits no longer than this. */
const COMMAND_MS = 60_000;

function program() {
  if (process.env.CHROME) return process.env.CHROME;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of ["chromium", "google-chrome", "chromium-browser"]) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error("no browser: install Chromium, or set CHROME to its path");
}

/** Opens a browser in which every host under `.test` is this machine's `port`. */
export async function openChromium(port) {
  const profile = await mkdtemp(join(tmpdir(), "goalpost-bench-"));
  const chrome = program();
  const [version] = execFileSync(chrome, ["--version"], { stdio: ["ignore", "pipe", "ignore"] })
    .toString()
    .match(/[\d.]+/);
  const agent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version.split(".")[0]}.0.0.0 Safari/537.36`;
  const flags = [
    ...FLAGS,
    `--user-agent=${agent}`,
    `--host-resolver-rules=MAP *.test 127.0.0.1:${port}`,
    `--user-data-dir=${profile}`,
  ];
  const process = spawn(chrome, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const browser = new Chromium(process, profile);
  browser.version = `Chromium ${version}`;
  return browser;
}

class Chromium {
  constructor(process, profile) {
    this.process = process;
    this.profile = profile;
    this.last = 0;
    this.waiting = new Map();
    this.listeners = new Set();
    this.ended = new Promise((done) => process.on("exit", done));
    const [, , , input, output] = process.stdio;
    this.input = input;
    input.on("error", () => {});
    let text = "";
    output.setEncoding("utf8");
    output.on("data", (more) => {
      const messages = (text + more).split("\0");
      text = messages.pop();
      for (const message of messages) this.hear(JSON.parse(message));
    });
  }

  hear({ id, result, error, ...event }) {
    const call = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) call?.fail(new Error(`${call.method}: ${error.message}`));
    else if (call) call.done(result);
    else for (const listener of this.listeners) listener(event);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = (this.last += 1);
    return new Promise((done, fail) => {
      const late = setTimeout(() => {
        this.waiting.delete(id);
        fail(new Error(`${method}: no answer`));
      }, COMMAND_MS);
      const over = (settle) => (value) => {
        clearTimeout(late);
        settle(value);
      };
      this.waiting.set(id, { method, done: over(done), fail: over(fail) });
      this.input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** The next event of that name; reject where it does not come in time. */
  event(method, sessionId, timeoutMs = COMMAND_MS) {
    return new Promise((done, fail) => {
      const listener = (event) => {
        if (event.method !== method || event.sessionId !== sessionId) return;
        over();
        done(event.params);
      };
      const late = setTimeout(() => {
        over();
        fail(new Error(`${method}: it did not come`));
      }, timeoutMs);
      const over = () => {
        clearTimeout(late);
        this.listeners.delete(listener);
      };
      this.listeners.add(listener);
    });
  }

  /** A visitor of its own: nothing stored, nothing cached. */
  async visitor() {
    const { browserContextId } = await this.send("Target.createBrowserContext");
    return new Visitor(this, browserContextId);
  }

  async close() {
    await this.send("Browser.close").catch(() => this.process.kill());
    await this.ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

class Visitor {
  constructor(browser, id) {
    this.browser = browser;
    this.id = id;
    this.slowed = [];
  }

  /** Opens a page that nobody is attached to, and goes by its own script. */
  async open(url) {
    const { targetId } = await this.browser.send("Target.createTarget", {
      url,
      browserContextId: this.id,
      newWindow: true,
    });
    return targetId;
  }

  /** Opens an empty page to be driven, at a processor that is so many times slower. */
  async page({ slower = 1 } = {}) {
    const { browser } = this;
    const targetId = await this.open("about:blank");
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(browser, targetId, sessionId);
    await page.send("Page.enable");
    await page.send("Performance.enable");
    if (slower > 1) {
      await page.send("Emulation.setCPUThrottlingRate", { rate: slower });
      this.slowed.push(page);
    }
    return page;
  }

  /** What slows a processor down would go on without its page, and slow down all others. */
  async close() {
    const quick = (page) => page.send("Emulation.setCPUThrottlingRate", { rate: 1 }).catch(() => {});
    await Promise.all(this.slowed.map(quick));
    await this.browser
      .send("Target.disposeBrowserContext", { browserContextId: this.id })
      .catch(() => {});
  }
}

/** Where the page's only button is. */
const BUTTON = { x: 60, y: 40 };

class Page {
  constructor(browser, targetId, sessionId) {
    this.browser = browser;
    this.targetId = targetId;
    this.sessionId = sessionId;
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  /** Goes to an address, and waits for the page's load event. */
  async go(url) {
    const loaded = this.browser.event("Page.loadEventFired", this.sessionId);
    loaded.catch(() => {});
    const { errorText } = await this.send("Page.navigate", { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  async run(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails)
      throw new Error(
        `in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`,
      );
    return result.value;
  }

  /** A click as a hand makes it. */
  async click() {
    const at = { ...BUTTON, button: "left", clickCount: 1 };
    await this.send("Input.dispatchMouseEvent", { type: "mousePressed", ...at });
    await this.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...at });
  }

  /**
   * What the main thread has done since the page's process began: milliseconds of its CPU time, of
   * script by the clock, and bytes. `TaskDuration` would be by the clock as well: a page that is gone to
   * gets a process of its own, which has not heard of `Performance.setTimeDomain`.
   */
  async metrics() {
    const { metrics } = await this.send("Performance.getMetrics");
    const of = (name) => metrics.find((one) => one.name === name).value;
    return {
      task: of("ThreadTime") * 1000,
      script: of("ScriptDuration") * 1000,
      heap: of("JSHeapUsedSize"),
    };
  }

  async offline(offline) {
    await this.send("Network.enable");
    await this.send("Network.emulateNetworkConditions", {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }

  /** Closes the tab as a person does. */
  async close() {
    const gone = this.browser.event("Target.detachedFromTarget", undefined, 5_000).catch(() => {});
    await this.send("Page.close").catch(() => {});
    await gone;
  }
}
