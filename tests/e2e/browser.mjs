// A real browser with a fresh profile, driven from outside as a person would.

import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTime, until } from "../harness/worker.mjs";

const require = createRequire(import.meta.url);
const { Button, By, Key } = require("selenium-webdriver");

const KINDS = ["chromium", "firefox", "webkit"];

const kind = process.env.BROWSER || "chromium";
if (!KINDS.includes(kind)) throw new Error(`BROWSER is ${kind}: it must be one of ${KINDS.join(", ")}`);

const engine = await import(`./engines/${kind}.mjs`);

/** One start in a few fails on a busy machine. */
const STARTS = 4;

/** Which browser the tests run in: `chromium`, `firefox` or `webkit`. */
export const { name: browserName } = engine;

/**
 * Why this browser cannot do what a test needs, if it cannot.
 *
 * - `devtools`: commands of the Chrome DevTools Protocol
 * - `prerender`: pages that are prepared before they are shown
 * - `lifecycle`: pages that are frozen
 * - `console`: what pages write to the console
 * - `profile`: a profile on the disk that outlives the browser
 * - `buttons`: the mouse's other buttons
 * - `navigation`: the Navigation API
 * - `entries`: that it tells of each change of the address
 * - `quota`: a disk that has no room for a page
 * - `trustedTypes`: a policy that forbids text as markup
 * - `integrity`: modules that are refused where they have not the hash that a link gives for them
 *
 * @param {string[]} [needs]
 * @returns {string | undefined}
 */
export const reasonNotIn = (needs = []) => {
  const need = needs.find((one) => engine.lacks[one]);
  return need && `${engine.name}: ${engine.lacks[need]}`;
};

/**
 * Opens a browser.
 *
 * @param {object} [options]
 * @param {string} [options.profile] one that stays afterwards; none: a fresh one, removed at the end
 * @param {"refused" | "full"} [options.storage] the visitor lets no page store anything, or the disk has no room
 * @param {"gpc" | "dnt"} [options.signals] the visitor's refusal that the browser tells pages of
 * @param {boolean} [options.isPrivate] a private window
 * @param {object} [options.preferences] Chromium's own
 * @param {string[]} [options.flags] of the command line
 * @param {string[]} [options.needs] what the test needs, where the browser has to be asked for it
 * @param {import("./wire.mjs").Wire} [options.wire] the wire to the shop that it visits
 */
export async function openBrowser(options = {}) {
  for (let time = 1; ; time += 1) {
    const profile = options.profile ?? (await mkdtemp(join(tmpdir(), "goalpost-")));
    let started;
    try {
      started = await engine.start({ ...options, profile });
      const { driver } = started;
      await driver.manage().setTimeouts({ script: 60_000, pageLoad: 60_000 });
      const home = await driver.getWindowHandle();
      return new Browser(started, profile, home, options);
    } catch (problem) {
      await started?.end().catch(() => {});
      await endAll(profile);
      if (options.profile === undefined) await remove(profile);
      if (time === STARTS) throw problem;
      console.log(`${engine.name} did not start, which is tried again: ${problem.message.split("\n")[0]}`);
    }
  }
}

/** Ends what still runs of a browser, as a power cut does. */
async function endAll(profile) {
  for (const id of await engine.processes(profile)) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It had ended with its parent.
    }
  }
}

const remove = (profile) => rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });

export class Browser {
  constructor(started, profile, home, { profile: kept, signals, storage, wire }) {
    this.started = started;
    this.driver = started.driver;
    this.profile = profile;
    /** A tab that stays open, so that closing the others does not end the browser. */
    this.home = home;
    this.isProfileOurs = kept === undefined;
    this.signals = signals;
    this.storage = storage;
    this.wire = wire;
  }

  /** Whether this browser can do what a test may need. */
  can(need) {
    return !engine.lacks[need];
  }

  go(url) {
    return this.driver.get(url);
  }

  back() {
    return this.traverse((navigation) => navigation.back());
  }

  forward() {
    return this.traverse((navigation) => navigation.forward());
  }

  /**
   * Goes through the history. Where the other page comes back at once, Chromium's driver may still ask the one that
   * has gone whether it is there, and calls that a timeout: it has arrived by then.
   */
  async traverse(go) {
    await go(this.driver.navigate()).catch((problem) => {
      if (!/aborted by navigation/.test(problem.message)) throw problem;
    });
  }

  reload() {
    return this.driver.navigate().refresh();
  }

  /** Runs a function in the page, and gives what it returns or promises. */
  async run(work, ...args) {
    const text = `
      const done = arguments[arguments.length - 1];
      Promise.resolve()
        .then(() => (${work}).apply(null, [].slice.call(arguments, 0, -1)))
        .then((value) => done([value]), (error) => done([null, error + "\\n" + (error && error.stack)]));`;
    const [value, problem] = await this.driver.executeAsyncScript(text, ...args);
    if (problem) throw new Error(`in the page: ${problem}`);
    return value;
  }

  /** Waits until the function is true in the page. */
  until(work, what, timeoutMs) {
    return until(() => this.run(work).catch(() => false), what, timeoutMs);
  }

  /** The element, once there is one. */
  element(selector) {
    return until(
      async () => (await this.driver.findElements(By.css(selector)))[0],
      `an element ${selector}`,
    );
  }

  /** The element, in the middle of what can be seen. */
  async shown(selector) {
    const element = await this.element(selector);
    await this.driver.executeScript(
      "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })",
      element,
    );
    return element;
  }

  /** A click as a hand makes it. */
  async click(selector) {
    const element = await this.shown(selector);
    await element.click();
  }

  /** A click after which nothing is waited for: a driver may take a call for a page that is to come. */
  async tap(selector) {
    await this.driver.actions().click(await this.shown(selector)).perform();
  }

  /** A click with the wheel, which opens a link in another tab. */
  async middleClick(selector) {
    const origin = await this.shown(selector);
    await this.driver.actions().move({ origin }).press(Button.MIDDLE).release(Button.MIDDLE).perform();
  }

  async rightClick(selector) {
    await this.driver.actions().contextClick(await this.shown(selector)).perform();
  }

  /** Enter or the space bar, on an element that has the focus. */
  async press(selector, key = "Enter") {
    const element = await this.element(selector);
    await this.driver.executeScript("arguments[0].focus()", element);
    await element.sendKeys(key === "Enter" ? Key.ENTER : Key.SPACE);
  }

  /** Clicks, and waits until another page is there. */
  async follow(selector) {
    const before = await this.driver.findElement(By.css("html"));
    await this.click(selector);
    await until(
      () => before.getTagName().then(() => false, () => true),
      `the page behind ${selector}`,
    );
    await this.loaded();
  }

  loaded() {
    return this.until(() => document.readyState === "complete", "a loaded page");
  }

  async type(selector, text) {
    const element = await this.shown(selector);
    await element.clear();
    await element.sendKeys(text);
  }

  async text(selector) {
    return (await this.element(selector)).getText();
  }

  tabs() {
    return this.driver.getAllWindowHandles();
  }

  newTab(url) {
    return this.opened("tab", url);
  }

  newWindow(url) {
    return this.opened("window", url);
  }

  async opened(kind, url) {
    await this.driver.switchTo().newWindow(kind);
    await engine.prepare?.(this);
    if (url) await this.go(url);
    return this.driver.getWindowHandle();
  }

  /** A tab that is on show. */
  newShownTab(url) {
    return engine.hidesTabs ? this.newWindow(url) : this.newTab(url);
  }

  /** Hides the page on show, as another tab in front of it does; gives what shows it again. */
  async hide() {
    if (engine.hidesTabs) {
      const window = this.driver.manage().window();
      await window.minimize();
      return () => window.maximize();
    }
    const page = await this.driver.getWindowHandle();
    await this.newTab();
    return async () => {
      await this.close();
      await this.switchTo(page);
    };
  }

  /** Closes the tab at once, as a person does, and goes back to the one that stays. */
  async closeTab() {
    await this.close();
    await this.switchTo(this.home);
  }

  /**
   * Closes the tab. Chromium forgets to where it is just about to show another document
   * (https://crbug.com/536385539): its driver waits 20 seconds in vain then, and has to say it again.
   */
  async close() {
    await this.driver.close().catch((problem) => {
      if (!/failed to close window/.test(problem.message)) throw problem;
      return this.driver.close();
    });
  }

  switchTo(tab) {
    return this.driver.switchTo().window(tab);
  }

  cdp(method, params = {}) {
    return this.driver.sendAndGetDevToolsCommand(method, params);
  }

  /** Every page that the shop gives from now on has a clock that is ahead by this. */
  shiftClock(ms) {
    this.wire.shiftClock(ms);
  }

  /** Cuts the shop off from the network, or connects it again; where it can, the browser notices. */
  async offline(offline) {
    if (offline) this.wire.cut();
    else this.wire.mend();
    if (!this.can("devtools")) return;
    await this.cdp("Network.enable");
    await this.cdp("Network.emulateNetworkConditions", {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }

  /** Makes the page so many times slower, where the browser can. */
  async slowDown(times) {
    if (this.can("devtools")) await this.cdp("Emulation.setCPUThrottlingRate", { rate: times });
  }

  /** The shop's cookies, with those that no page can read. */
  cookies() {
    return this.driver.manage().getCookies();
  }

  /** What pages wrote to the console since the last look; nothing where that cannot be known. */
  console() {
    return this.can("console") ? engine.readConsole(this.started) : [];
  }

  /** Sends what waits in the page, and waits until it has been tried. */
  flush() {
    return this.run(() => window.goalpost("flush"));
  }

  /** Opens a page, and waits until the SDK has taken the loader's place. */
  async enter(url) {
    await this.enterApp(url);
    await this.flush();
  }

  /** The same for a page that has the package, and no global. */
  async enterApp(url) {
    await this.go(url);
    await this.until(() => {
      const has = (page) => {
        try {
          return page.performance.getEntriesByType("resource").some(({ name }) => /sdk[^/]*\.wasm/.test(name));
        } catch {
          return false;
        }
      };
      // WebKit notes a file only in the frame that asked for it first.
      return has(window) || [].some.call(frames, has);
    }, "the SDK's module");
    await this.until(
      () => performance.getEntriesByType("resource").some(({ name }) => /\/_g\/plan\//.test(name)),
      "the SDK, which asks for the plan",
    );
  }

  screenshot() {
    return this.driver.takeScreenshot();
  }

  /** The browser's processes, known by the profile that only they have. */
  processes() {
    return engine.processes(this.profile);
  }

  /** Ends the process of the page on show, as a page that crashes does, and goes back to the tab that stays. */
  async crash() {
    await this.cdp("Page.crash").catch(() => {});
    const ended = () => this.driver.getTitle().then(() => false, ({ message }) => /crashed/.test(message));
    await until(ended, "the end of the page");
    await this.switchTo(this.home);
  }

  /** Ends the browser as a power cut does. The profile stays. */
  async kill() {
    await endAll(this.profile);
    await this.started.end().catch(() => {});
    await until(async () => (await this.processes()).length === 0, "the end of the browser");
  }

  async quit() {
    await inTime(this.started.end(), 20_000, "the end of the browser").catch(() => {});
    await endAll(this.profile);
    if (this.isProfileOurs) await remove(this.profile);
  }
}
