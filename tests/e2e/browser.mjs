// A real browser with a fresh profile, driven from outside as a person would.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { tmpdir } from "node:os";
import { existsSync } from "node:fs";
import { until } from "../harness/worker.mjs";

const require = createRequire(import.meta.url);
const { Builder, By, logging } = require("selenium-webdriver");
const chrome = require("selenium-webdriver/chrome.js");

function program(variable, ...names) {
  if (process.env[variable]) return process.env[variable];
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
  }
  throw new Error(`no ${names[0]}: install it, or set ${variable} to its path`);
}

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
  "--window-size=1280,900",
];

/**
 * Opens a browser.
 *
 * @param {{ preferences?: object, profile?: string, flags?: string[] }} [options]
 */
export async function openBrowser(options = {}) {
  const profile = options.profile ?? (await mkdtemp(join(tmpdir(), "goalpost-")));
  const preferences = new logging.Preferences();
  preferences.setLevel(logging.Type.BROWSER, logging.Level.ALL);
  const settings = new chrome.Options();
  settings.setChromeBinaryPath(program("CHROME", "chromium", "google-chrome", "chromium-browser"));
  settings.addArguments(...FLAGS, `--user-data-dir=${profile}`, ...(options.flags ?? []));
  settings.setUserPreferences({
    "download.default_directory": profile,
    ...options.preferences,
  });
  settings.setLoggingPrefs(preferences);
  const driver = await new Builder()
    .forBrowser("chrome")
    .setChromeService(new chrome.ServiceBuilder(program("CHROMEDRIVER", "chromedriver")))
    .setChromeOptions(settings)
    .build();
  await driver.manage().setTimeouts({ script: 30_000, pageLoad: 60_000 });
  const home = await driver.getWindowHandle();
  return new Browser(driver, profile, home, options.profile === undefined);
}

export class Browser {
  constructor(driver, profile, home, isProfileOurs) {
    this.driver = driver;
    this.profile = profile;
    /** A tab that stays open, so that closing the others does not end the browser. */
    this.home = home;
    this.isProfileOurs = isProfileOurs;
    this.clock = [];
  }

  go(url) {
    return this.driver.get(url);
  }

  back() {
    return this.driver.navigate().back();
  }

  forward() {
    return this.driver.navigate().forward();
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
        .then((value) => done([value]), (error) => done([null, String(error && error.stack || error)]));`;
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

  /** A click as a hand makes it. */
  async click(selector) {
    const element = await this.element(selector);
    await this.driver.executeScript(
      "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })",
      element,
    );
    await element.click();
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
    const element = await this.element(selector);
    await element.clear();
    await element.sendKeys(text);
  }

  async text(selector) {
    return (await this.element(selector)).getText();
  }

  tabs() {
    return this.driver.getAllWindowHandles();
  }

  async newTab(url) {
    await this.driver.switchTo().newWindow("tab");
    await this.shiftNewPages();
    if (url) await this.go(url);
    return this.driver.getWindowHandle();
  }

  async newWindow(url) {
    await this.driver.switchTo().newWindow("window");
    if (url) await this.go(url);
    return this.driver.getWindowHandle();
  }

  /** Closes the tab at once, as a person does, and goes back to the one that stays. */
  async closeTab() {
    await this.driver.close();
    await this.switchTo(this.home);
  }

  switchTo(tab) {
    return this.driver.switchTo().window(tab);
  }

  cdp(method, params = {}) {
    return this.driver.sendAndGetDevToolsCommand(method, params);
  }

  /** Every page that this tab and later ones load from now on has a clock that is ahead by this. */
  async shiftClock(ms) {
    const source = `{
      const RealDate = Date, real = Date.now, ahead = ${ms};
      Date.now = () => real.call(RealDate) + ahead;
      window.Date = new Proxy(RealDate, {
        construct: (target, args, self) =>
          Reflect.construct(target, args.length ? args : [Date.now()], self),
      });
    }`;
    this.clock = [source];
    await this.shiftNewPages(source);
  }

  async shiftNewPages() {
    if (this.clockScript) {
      await this.cdp("Page.removeScriptToEvaluateOnNewDocument", {
        identifier: this.clockScript,
      }).catch(() => {});
    }
    for (const source of this.clock) {
      const { identifier } = await this.cdp("Page.addScriptToEvaluateOnNewDocument", { source });
      this.clockScript = identifier;
    }
  }

  /** Cuts the tab off from the network, or connects it again. */
  async offline(offline) {
    await this.cdp("Network.enable");
    await this.cdp("Network.emulateNetworkConditions", {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }

  /** What pages wrote to the console since the last look. */
  async console() {
    const entries = await this.driver.manage().logs().get(logging.Type.BROWSER);
    return entries.map(({ level, message }) => ({ level: level.name, message }));
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
    await this.until(
      () => performance.getEntriesByType("resource").some(({ name }) => /sdk[^/]*\.wasm/.test(name)),
      "the SDK's module",
    );
    await this.until(
      () => performance.getEntriesByType("resource").some(({ name }) => /\/_g\/plan\//.test(name)),
      "the SDK, which asks for the plan",
    );
  }

  screenshot() {
    return this.driver.takeScreenshot();
  }

  /** The browser's processes, known by the profile that only they have. */
  async processes() {
    const own = [];
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
      if (line.split("\0").includes(`--user-data-dir=${this.profile}`)) own.push(Number(entry));
    }
    return own;
  }

  /** Ends the browser as a power cut does. The profile stays. */
  async kill() {
    for (const id of await this.processes()) {
      try {
        process.kill(id, "SIGKILL");
      } catch {
        // It had ended with its parent.
      }
    }
    await this.driver.quit().catch(() => {});
    await until(async () => (await this.processes()).length === 0, "the end of the browser");
  }

  async quit() {
    await this.driver.quit().catch(() => {});
    if (this.isProfileOurs) {
      await rm(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  }
}
