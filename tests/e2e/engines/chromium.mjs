// Chromium, and what only it can do for a test.

import { createRequire } from "node:module";
import { processesWith, program } from "./program.mjs";

const require = createRequire(import.meta.url);
const { Builder, logging } = require("selenium-webdriver");
const chrome = require("selenium-webdriver/chrome.js");

export const name = "chromium";

/** What a test may need and this browser cannot give, each with the reason. */
export const lacks = {};

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

const dataIn = (profile) => `--user-data-dir=${profile}`;

export async function start({ profile, storage, isPrivate, preferences, flags = [] }) {
  const logs = new logging.Preferences();
  logs.setLevel(logging.Type.BROWSER, logging.Level.ALL);
  const settings = new chrome.Options();
  settings.setChromeBinaryPath(program("CHROME", "chromium", "google-chrome", "chromium-browser"));
  settings.addArguments(...FLAGS, dataIn(profile), ...(isPrivate ? ["--incognito"] : []), ...flags);
  settings.setUserPreferences({
    "download.default_directory": profile,
    ...(storage === "refused" ? { "profile.default_content_setting_values.cookies": 2 } : {}),
    ...preferences,
  });
  settings.setLoggingPrefs(logs);
  const driver = await new Builder()
    .forBrowser("chrome")
    .setChromeService(new chrome.ServiceBuilder(program("CHROMEDRIVER", "chromedriver")))
    .setChromeOptions(settings)
    .build();
  return { driver, end: () => driver.quit() };
}

/** What pages wrote to the console since the last look. */
export async function readConsole({ driver }) {
  const entries = await driver.manage().logs().get(logging.Type.BROWSER);
  return entries.map(({ level, message }) => ({ level: level.name, message }));
}

/** What has no preference here: each tab is told of it. */
export const prepare = async (browser) => {
  if (browser.signals) {
    await browser.cdp("Page.addScriptToEvaluateOnNewDocument", {
      source: "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })",
    });
  }
  if (browser.storage === "full") {
    await browser.cdp("Storage.overrideQuotaForOrigin", { origin: browser.wire.url, quotaSize: 1 });
  }
};

export const processes = (profile) => processesWith(dataIn(profile));
